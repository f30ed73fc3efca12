package io.tidemark.mirror.internal.run;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.EventSource;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.journal.Journal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a mirror asks of it: journals and sizes. */
record MemoryManager(MemoryEngine engine) implements ImageManager {
    @Override
    public Journal journal(String name) throws StorageException {
        MemoryImage image = engine.image(name);
        if (image.suspended) {
            throw new StorageException(StorageException.Reason.UNAVAILABLE, "image " + name + " is suspended", "");
        }
        return image.journal;
    }

    @Override
    public ImageStatus image(String name) throws StorageException {
        MemoryImage image = engine.image(name);
        return new ImageStatus(
                name,
                ImageStatus.State.SERVING,
                "",
                image.sizeBytes,
                4096,
                image.properties.getOrDefault("pool", "default"),
                engine.journalPool,
                "",
                "",
                List.of(),
                Position.NONE,
                new Watermarks(0, 0, 0, 0, 0),
                0,
                0,
                0,
                0,
                image.clients,
                List.of(),
                Map.of(),
                image.properties,
                image.role,
                Position.NONE);
    }

    @Override
    public List<ImageStatus> images() {
        List<ImageStatus> all = new ArrayList<>();
        for (String name : engine.names()) {
            try {
                all.add(image(name));
            } catch (StorageException e) {
                throw new AssertionError(e);
            }
        }
        return all;
    }

    @Override
    public ImageStatus create(String name, long sizeBytes, Map<String, String> properties) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ImageStatus configure(String name, Map<String, String> changes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ImageStatus resize(String name, long newSizeBytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Position mark(String name, EventKind kind, String label) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void delete(String name) throws StorageException {
        engine.delete(name);
    }

    @Override
    public ImageStatus checkpoint(String name) throws StorageException {
        engine.image(name).force();
        return image(name);
    }

    @Override
    public ImageStatus replaceLostJournal(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long replay(String name, EventSource source) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<PoolStatus> pools() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<String> commitPolicies() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<String> trimStrategies() {
        throw new UnsupportedOperationException();
    }
}
