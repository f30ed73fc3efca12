package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.faults.SimulationFailure;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A promotion beside a primary that is written is found, unless somebody says that it was by force. */
class BesideSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);

    BesideSitesTest() {
        super(92, Defect.NONE);
    }

    @Test
    void whatAPromotionLacksIsFound() {
        isFound(true);
    }

    @Test
    void whatIsAcknowledgedBesideItIsFound() {
        isFound(false);
    }

    private void isFound(boolean lacks) {
        SimulationFailure found = assertThrows(
                SimulationFailure.class,
                () -> machine.run(() -> {
                    written();
                    writing = lacks;
                    machine.sleep(2 * SECOND);
                    cut();
                    if (lacks) {
                        source.kill();
                    }
                    replica.mirrors.promote(Site.IMAGE, true);
                    writing = true;
                    machine.sleep(5 * SECOND);
                }));
        assertTrue(found.getCause().getMessage().contains("acknowledged beside each other"), found.toString());
    }

    @Test
    void butNotByForce() {
        machine.run(() -> {
            written();
            cut();
            chronicle.succession().forced();
            replica.mirrors.promote(Site.IMAGE, true);
            machine.sleep(5 * SECOND);
        });
    }

    /** Two that go on behind one demotion do not know of each other. */
    @Test
    void norBehindADemotion() {
        machine.run(() -> {
            written();
            source.mirrors.demote(Site.IMAGE);
            machine.sleep(SECOND);
            cut();
            source.mirrors.promote(Site.IMAGE, true);
            replica.mirrors.promote(Site.IMAGE, true);
            machine.sleep(5 * SECOND);
        });
    }

    private void written() throws Exception {
        chronicle.succession().watch();
        mirror();
        writing = true;
        machine.sleep(2 * SECOND);
    }

    private void cut() {
        network.cut("a", "b");
        machine.sleep(10 * SECOND);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
