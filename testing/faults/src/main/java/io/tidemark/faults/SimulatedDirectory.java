package io.tidemark.faults;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Names in one directory: those that everybody sees, those on the device, and the changes in between, in order. */
final class SimulatedDirectory {
    private final TreeMap<String, Object> names = new TreeMap<>();
    private final TreeMap<String, Object> durable = new TreeMap<>();
    private final List<List<Change>> pending = new ArrayList<>();

    /** One name's new meaning; null for none. */
    private record Change(String name, Object node) {}

    Object get(String name) {
        return names.get(name);
    }

    List<String> list() {
        return List.copyOf(names.keySet());
    }

    void put(String name, Object node) {
        apply(List.of(new Change(name, node)));
    }

    void remove(String name) {
        apply(List.of(new Change(name, null)));
    }

    /** Both names change at once, or neither does. */
    void rename(String from, String to) {
        apply(List.of(new Change(to, names.get(from)), new Change(from, null)));
    }

    private void apply(List<Change> changes) {
        pending.add(changes);
        apply(changes, names);
    }

    private static void apply(List<Change> changes, Map<String, Object> to) {
        for (Change change : changes) {
            if (change.node == null) {
                to.remove(change.name);
            } else {
                to.put(change.name, change.node);
            }
        }
    }

    void force() {
        force(pending.size());
    }

    /** How many changes wait; a force that starts now covers exactly these. */
    int pending() {
        return pending.size();
    }

    void force(int count) {
        int covered = Math.min(count, pending.size());
        pending.subList(0, covered).forEach(changes -> apply(changes, durable));
        pending.subList(0, covered).clear();
    }

    /** All of it as it is now; what both refer to is copied once. */
    SimulatedDirectory copy(Map<Object, Object> copies) {
        SimulatedDirectory copy = new SimulatedDirectory();
        names.forEach((name, node) -> copy.names.put(name, copyOf(node, copies)));
        durable.forEach((name, node) -> copy.durable.put(name, copyOf(node, copies)));
        for (List<Change> changes : pending) {
            copy.pending.add(changes.stream()
                    .map(change -> new Change(change.name, copyOf(change.node, copies)))
                    .toList());
        }
        return copy;
    }

    private static Object copyOf(Object node, Map<Object, Object> copies) {
        Object known = copies.get(node);
        if (known == null && node != null) {
            known = node instanceof SimulatedDirectory inner ? inner.copy(copies) : ((SimulatedInode) node).copy();
            copies.put(node, known);
        }
        return known;
    }

    void losePower(SeededRandom random, PowerLoss loss) {
        force(loss.keptNames(random, pending.size()));
        pending.clear();
        names.clear();
        names.putAll(durable);
        names.values().forEach(node -> {
            if (node instanceof SimulatedDirectory inner) {
                inner.losePower(random, loss);
            }
        });
    }

    void forEach(BiConsumer<String, Object> visitor) {
        names.forEach(visitor);
    }

    void collect(Path at, List<Path> found) {
        names.forEach((name, node) -> {
            if (node instanceof SimulatedDirectory inner) {
                inner.collect(at.resolve(name), found);
            } else {
                found.add(at.resolve(name));
            }
        });
    }
}
