package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for nodes, which bind them some seconds later, and again after each restart. So they are none that the kernel gives
 * away by itself (on Linux from 32768 on), and tests that run side by side choose from different ones.
 */
public final class Ports {
    private static final int FIRST = 12_000;
    private static final int PER_LANE = 6_500;

    private Ports() {}

    /**
     * Ports that nobody listens at.
     *
     * @param inARow how many: a node serves NBD at one, and other nodes at the one behind it
     * @return the first of them
     */
    public static int free(int inARow) {
        int first = FIRST + Math.floorMod(Integer.getInteger("tidemark.lane", 1), 3) * PER_LANE;
        int port;
        do {
            port = first + ThreadLocalRandom.current().nextInt(PER_LANE - inARow);
        } while (!areFree(port, inARow));
        return port;
    }

    private static boolean areFree(int first, int inARow) {
        if (inARow == 0) {
            return true;
        }
        try (ServerSocket socket = new ServerSocket(first, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound() && areFree(first + 1, inARow - 1);
        } catch (IOException e) {
            return false;
        }
    }
}
