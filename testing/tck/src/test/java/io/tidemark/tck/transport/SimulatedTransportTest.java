package io.tidemark.tck.transport;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.NetworkSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.faults.SimulatedNetwork;

/** The simulated network passes the contract, in several runs that differ. */
class SimulatedTransportTest extends ReplicationTransportContract {
    private static final int SEEDS = 4;
    private static final long STEPS = 20_000_000;

    @Override
    protected void play(Play body) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedMachine machine = new SimulatedMachine(seed, new MachineSettings(1 << 20, 1 << 20, STEPS));
            machine.run(() -> body.run(new Simulated(machine)));
        }
    }

    @Override
    protected boolean freeThreads() {
        return false;
    }

    private static final class Simulated implements Arena {
        private final SimulatedContext tester;
        private final SimulatedNetwork network;
        private final ReplicationTransport near;
        private final ReplicationTransport far;

        Simulated(SimulatedMachine machine) {
            tester = machine.boot("tester");
            network = new SimulatedNetwork(machine, NetworkSettings.DEFAULT);
            near = network.transport(machine.boot("near"), "near");
            far = network.transport(machine.boot("far"), "far");
        }

        @Override
        public ReplicationTransport near() {
            return near;
        }

        @Override
        public ReplicationTransport far() {
            return far;
        }

        @Override
        public StorageContext context() {
            return tester;
        }

        @Override
        public long boundBytes() {
            return NetworkSettings.DEFAULT.windowBytes();
        }

        @Override
        public PeerAddress address(ReplicationTransport.Listening listening) {
            return new PeerAddress(
                    listening.addresses().get(0), far.ownFingerprint().orElseThrow());
        }

        @Override
        public PeerAddress fragile(ReplicationTransport.Listening listening) {
            return address(listening);
        }

        @Override
        public void cut() {
            network.reset("near", "far");
        }

        @Override
        public PeerAddress nowhere() {
            return PeerAddress.of("sim:nowhere");
        }

        @Override
        public void stopFar() {
            network.stop(far);
        }
    }
}
