package io.tidemark.base.wish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.osgi.framework.FrameworkUtil;

class ConfigurationsTest {
    private static String name(String pid, Map<String, Object> properties) {
        return Configurations.name(EtcWishStoreTest.IMAGES, pid, FrameworkUtil.asDictionary(properties));
    }

    @Test
    void aNameComesFromTheKeyTheFileOrThePid() {
        String file = "file:/srv/etc/io.tidemark.image-disk-1.a.cfg";
        assertEquals("x", name("io.tidemark.image~y", Map.of("name", " x ", Configurations.FILE, file)));
        assertEquals("disk-1.a", name("io.tidemark.image.4711", Map.of(Configurations.FILE, file)));
        assertEquals("disk-1", name("io.tidemark.image~disk-1", Map.of()));
    }

    @Test
    void aFileIsAPathOrAUri() {
        assertEquals(
                Path.of("/srv/my etc/a.cfg"),
                Configurations.file(
                        FrameworkUtil.asDictionary(Map.of(Configurations.FILE, "file:/srv/my%20etc/a.cfg"))));
        assertEquals(
                Path.of("/srv/a.cfg"),
                Configurations.file(FrameworkUtil.asDictionary(Map.of(Configurations.FILE, "/srv/x/../a.cfg"))));
        assertNull(Configurations.file(FrameworkUtil.asDictionary(Map.of())));
    }

    @Test
    void aConfigurationHasOneNameInEachFormat() {
        List<Path> formats = List.of(Path.of("/e/a-b.c.cfg"), Path.of("/e/a-b.c.config"), Path.of("/e/a-b.c.json"));
        for (Path each : formats) {
            assertEquals(formats, Configurations.formats(each));
        }
        assertEquals(List.of(), Configurations.formats(Path.of("/e/a-b.c.cfg.new")));
        assertEquals("", Configurations.twin(Path.of("/no/such/a.cfg")));
        assertEquals("", Configurations.twin(null));
    }

    @Test
    void onlyOurKeysCount() {
        Map<String, Object> all = Map.of(
                "size", "1G",
                "trim", List.of("age", "size"),
                "backlog.entries", 2048,
                "commit", new String[] {"journal"},
                "name", "disk",
                "service.pid", "io.tidemark.image~disk",
                "service.factoryPid", "io.tidemark.image",
                "felix.fileinstall.filename", "file:/x",
                "org.apache.karaf.features.configKey", "x");
        assertEquals(
                Map.of("size", "1G", "trim", "age,size", "backlog.entries", "2048", "commit", "journal"),
                Configurations.keys(FrameworkUtil.asDictionary(all)));
    }
}
