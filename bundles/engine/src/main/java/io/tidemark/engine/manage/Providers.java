package io.tidemark.engine.manage;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Services of one kind by name; of several with one name the one with the highest ranking counts, and of several with one
 * ranking the one that came first. Never calls a service. Safe for all threads.
 *
 * @param <S> the kind
 */
final class Providers<S> {
    private record Entry<S>(int ranking, long order, S service) {}

    private final TreeMap<String, List<Entry<S>>> byName = new TreeMap<>();
    private long added;

    synchronized void add(String name, int ranking, S service) {
        List<Entry<S>> entries = byName.computeIfAbsent(name, key -> new ArrayList<>());
        entries.add(new Entry<>(ranking, added++, service));
        entries.sort(
                Comparator.comparingInt((Entry<S> entry) -> -entry.ranking()).thenComparingLong(Entry::order));
    }

    synchronized void remove(S service) {
        byName.values().forEach(entries -> entries.removeIf(entry -> entry.service() == service));
        byName.values().removeIf(List::isEmpty);
    }

    synchronized Optional<S> best(String name) {
        List<Entry<S>> entries = byName.get(name);
        return entries == null ? Optional.empty() : Optional.of(entries.get(0).service());
    }

    /** How many that would count as much as the best one are not used, because they came later. */
    synchronized int rivals(String name) {
        List<Entry<S>> entries = byName.getOrDefault(name, List.of());
        return (int) entries.stream()
                .skip(1)
                .filter(entry -> entry.ranking() == entries.get(0).ranking())
                .count();
    }

    synchronized boolean has(S service) {
        return byName.values().stream().flatMap(List::stream).anyMatch(entry -> entry.service() == service);
    }

    synchronized List<String> names() {
        return List.copyOf(byName.keySet());
    }
}
