package io.tidemark.base.text;

import java.util.Collection;
import java.util.Map;

/** Writes JSON (RFC 8259). Values are maps (order kept), collections, strings, numbers, booleans, enums and null. */
public final class Json {
    private Json() {}

    /**
     * Writes a value, indented by two spaces a level.
     *
     * @param value to write
     * @return the text, without a line end behind it
     * @throws IllegalArgumentException when a value has a type that is not in the list above
     */
    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value, "\n");
        return out.toString();
    }

    private static void write(StringBuilder out, Object value, String indent) {
        if (value instanceof Map<?, ?> map) {
            object(out, map, indent);
        } else if (value instanceof Collection<?> list) {
            array(out, list, indent);
        } else if (value instanceof CharSequence || value instanceof Enum<?>) {
            string(out, value.toString());
        } else if (value instanceof Double number && (number.isNaN() || number.isInfinite())) {
            out.append("null");
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else {
            throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    private static void object(StringBuilder out, Map<?, ?> map, String indent) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        String inner = indent + "  ";
        String separator = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(separator).append(inner);
            string(out, String.valueOf(entry.getKey()));
            out.append(": ");
            write(out, entry.getValue(), inner);
            separator = ",";
        }
        out.append(indent).append('}');
    }

    private static void array(StringBuilder out, Collection<?> list, String indent) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        String inner = indent + "  ";
        String separator = "[";
        for (Object element : list) {
            out.append(separator).append(inner);
            write(out, element, inner);
            separator = ",";
        }
        out.append(indent).append(']');
    }

    private static void string(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
