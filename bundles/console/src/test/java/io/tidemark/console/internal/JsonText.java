package io.tidemark.console.internal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON strictly (RFC 8259), so that tests see what a script sees: maps, lists, strings, numbers, booleans and null. */
public final class JsonText {
    private final String text;
    private int at;

    private JsonText(String text) {
        this.text = text;
    }

    /** All values of a text, one after the other, as a watching command prints them. */
    public static List<Object> values(String text) {
        JsonText json = new JsonText(text);
        List<Object> values = new ArrayList<>();
        json.blanks();
        while (json.at < text.length()) {
            values.add(json.value());
            json.blanks();
        }
        return values;
    }

    /** The only value of a text. */
    public static Object value(String text) {
        List<Object> values = values(text);
        if (values.size() != 1) {
            throw new AssertionError(values.size() + " values in: " + text);
        }
        return values.get(0);
    }

    /** The only value of a text, an object. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> object(String text) {
        return (Map<String, Object>) value(text);
    }

    /** The only value of a text, an array of objects. */
    @SuppressWarnings("unchecked")
    public static List<Map<String, Object>> objects(String text) {
        return (List<Map<String, Object>>) value(text);
    }

    private Object value() {
        blanks();
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> object = new LinkedHashMap<>();
        take('{');
        blanks();
        while (peek() != '}') {
            String name = string();
            blanks();
            take(':');
            if (object.put(name, value()) != null) {
                throw wrong("the name " + name + " twice");
            }
            blanks();
            if (peek() != '}') {
                take(',');
                blanks();
            }
        }
        take('}');
        return object;
    }

    private List<Object> array() {
        List<Object> array = new ArrayList<>();
        take('[');
        blanks();
        while (peek() != ']') {
            array.add(value());
            blanks();
            if (peek() != ']') {
                take(',');
            }
        }
        take(']');
        return array;
    }

    private String string() {
        StringBuilder out = new StringBuilder();
        take('"');
        while (peek() != '"') {
            char c = text.charAt(at++);
            if (c < 0x20) {
                throw wrong("a bare control character");
            }
            out.append(c == '\\' ? escaped() : c);
        }
        take('"');
        return out.toString();
    }

    private char escaped() {
        char c = text.charAt(at++);
        if (c == 'u') {
            at += 4;
            return (char) Integer.parseInt(text.substring(at - 4, at), 16);
        }
        int which = "\"\\/nrt".indexOf(c);
        if (which < 0) {
            throw wrong("the escape " + c);
        }
        return "\"\\/\n\r\t".charAt(which);
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw wrong("no " + word);
        }
        at += word.length();
        return value;
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String number = text.substring(start, at);
        return number.matches("-?(0|[1-9][0-9]*)") ? (Object) Long.valueOf(number) : Double.valueOf(number);
    }

    private char peek() {
        if (at >= text.length()) {
            throw wrong("the end");
        }
        return text.charAt(at);
    }

    private void take(char c) {
        if (peek() != c) {
            throw wrong("no '" + c + "'");
        }
        at++;
    }

    private void blanks() {
        while (at < text.length() && " \n\r\t".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private AssertionError wrong(String what) {
        return new AssertionError(what + " at character " + at + " of: " + text);
    }
}
