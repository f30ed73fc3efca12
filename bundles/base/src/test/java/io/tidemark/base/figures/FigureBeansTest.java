package io.tidemark.base.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.AttributeNotFoundException;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class FigureBeansTest {
    private final MBeanServer server = MBeanServerFactory.newMBeanServer();
    private final FigureBeans beans = new FigureBeans(server);

    @Test
    void figuresAreReadWhenSomebodyAsks() throws Exception {
        AtomicLong count = new AtomicLong();
        beans.register("type=Test,name=one", "A test", () -> Map.of("count", count.get()));
        ObjectName name = new ObjectName("io.tidemark:type=Test,name=one");
        count.set(7);
        assertEquals(7L, server.getAttribute(name, "count"));
        assertThrows(AttributeNotFoundException.class, () -> server.getAttribute(name, "other"));
    }

    @Test
    void whatIsTakenAwayIsGoneAndAfterTheEndNothingComes() {
        beans.register("type=Test,name=one", "A test", Map::of);
        beans.register("type=Test,name=one", "The same", Map::of);
        beans.register("type=Test,name=two", "A test", Map::of);
        assertEquals(2, there().size());
        beans.unregister("type=Test,name=one");
        beans.unregister("type=Test,name=one");
        assertEquals(Set.of("type=Test,name=two"), beans.names());
        assertEquals(1, there().size());
        beans.close();
        beans.close();
        beans.register("type=Test,name=three", "A test", Map::of);
        assertEquals(Set.of(), there());
    }

    @Test
    void namesThatMeanSomethingThereAreQuoted() throws Exception {
        assertEquals("vm-1.disk_0", FigureBeans.value("vm-1.disk_0"));
        assertEquals("", FigureBeans.value(""));
        for (String odd : new String[] {"a,b", "a=b", "*", "?", "a\"b", "a\nb", "a:b", "a b"}) {
            beans.register("type=Test,name=" + FigureBeans.value(odd), "A test", Map::of);
            ObjectName name = there().iterator().next();
            assertEquals(odd, ObjectName.unquote(name.getKeyProperty("name")));
            beans.unregister("type=Test,name=" + FigureBeans.value(odd));
            assertEquals(Set.of(), there());
        }
    }

    private Set<ObjectName> there() {
        try {
            return server.queryNames(new ObjectName("io.tidemark:*"), null);
        } catch (MalformedObjectNameException e) {
            throw new AssertionError(e);
        }
    }
}
