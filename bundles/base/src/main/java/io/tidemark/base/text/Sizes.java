package io.tidemark.base.text;

import java.math.BigDecimal;
import java.util.Locale;

/** Sizes as people write them. {@code 10G}, {@code 10GiB} and {@code 10g} are 10 * 2^30 bytes; {@code 10GB} is 10 * 10^9. */
public final class Sizes {
    private static final String UNITS = "KMGTPE";
    private static final BigDecimal MAX = BigDecimal.valueOf(Long.MAX_VALUE);

    private Sizes() {}

    /**
     * Reads a size.
     *
     * @param text digits, maybe with a fraction, and a unit or none (bytes)
     * @return bytes, not negative
     * @throws IllegalArgumentException when it is no size; the message says what to write
     */
    public static long parse(String text) {
        String trimmed = text.trim();
        int digits = 0;
        while (digits < trimmed.length()
                && (Character.isDigit(trimmed.charAt(digits)) || trimmed.charAt(digits) == '.')) {
            digits++;
        }
        long factor = factor(trimmed.substring(digits).trim().toUpperCase(Locale.ROOT));
        try {
            if (factor < 0 || digits == 0) {
                throw new NumberFormatException("unit");
            }
            BigDecimal bytes = new BigDecimal(trimmed.substring(0, digits)).multiply(BigDecimal.valueOf(factor));
            if (bytes.compareTo(MAX) > 0) {
                throw new IllegalArgumentException("'" + text + "' is too large a size; the largest is below 8 EiB");
            }
            return bytes.longValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no size; write a number of bytes or one with a unit, as in 512MiB or 10G", e);
        }
    }

    /** Bytes of a unit, -1 when there is no such unit. */
    private static long factor(String unit) {
        if (unit.isEmpty() || unit.equals("B")) {
            return 1;
        }
        int power = UNITS.indexOf(unit.charAt(0)) + 1;
        if (power == 0) {
            return -1;
        }
        return switch (unit.substring(1)) {
            case "", "IB" -> 1L << (10 * power);
            case "B" -> (long) Math.pow(1000, power);
            default -> -1;
        };
    }

    /**
     * Writes a size for a table.
     *
     * @param bytes a size
     * @return at most one decimal, binary units: {@code 1.5 GiB}, {@code 512 B}
     */
    public static String format(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        double value = bytes / (double) (1L << (10 * power));
        if (value >= 1023.95 && power < UNITS.length()) {
            power++;
            value = bytes / (double) (1L << (10 * power));
        }
        String number = value == Math.rint(value)
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.1f", value).replaceAll("\\.0$", "");
        return number + " " + UNITS.charAt(power - 1) + "iB";
    }
}
