package io.tidemark.mirror.internal.wire;

import io.tidemark.api.mirror.ReplicaOptions;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What one node asks of the other one beside the channels. The one who asks chooses a number, which takes the place of the
 * channel, and gets one {@link Answer} under it, maybe after some {@link Answer.Working}. Names of images are those at the one who
 * is asked, unless they say otherwise.
 */
public sealed interface Order extends Message {
    /**
     * Have a replica of an image of the sender.
     *
     * @param identity of the image
     * @param delayNanos so far behind; {@link ReplicaOptions#DELAY_AS_BEFORE} where nothing is said
     * @param image its name at the sender
     * @param replica its name to be
     * @param properties configuration of the image that is made, when there is none yet
     * @param seed whether an image of that name is there, whose bytes are to be compared
     */
    record Enable(
            UUID identity, long delayNanos, String image, String replica, Map<String, String> properties, boolean seed)
            implements Order {
        /** Copies. */
        public Enable {
            properties = java.util.Collections.unmodifiableMap(new TreeMap<>(properties));
        }

        @Override
        public Type type() {
            return Type.ENABLE;
        }
    }

    /**
     * Mirror an image no longer with the sender, in neither direction.
     *
     * @param target its name
     * @param atSender its name at the sender
     */
    record Disable(String target, String atSender) implements Order {
        @Override
        public Type type() {
            return Type.DISABLE;
        }
    }

    /**
     * Say how an image is.
     *
     * @param image its name
     */
    record Look(String image) implements Order {
        @Override
        public Type type() {
            return Type.LOOK;
        }
    }

    /**
     * Say how the image of an identity is, whatever it is called: the sender has a replica of it, and wants to know who has more.
     *
     * @param identity of the image; whoever knows it has the image
     */
    record Find(UUID identity) implements Order {
        @Override
        public Type type() {
            return Type.FIND;
        }
    }

    /**
     * Become primary: the sender, which was, has demoted its own.
     *
     * @param end the last event of the sender's image: the replica has to have received it
     * @param waitNanos for so long it may still be on its way
     * @param image its name
     */
    record Promote(Point end, long waitNanos, String image) implements Order {
        @Override
        public Type type() {
            return Type.PROMOTE;
        }
    }

    /**
     * Compare a replica with its source, which is the sender.
     *
     * @param image its name
     */
    record Verify(String image) implements Order {
        @Override
        public Type type() {
            return Type.VERIFY;
        }
    }

    /**
     * Read parts of an image, and say what they come to.
     *
     * @param offset of the first one
     * @param partBytes length of each; the last one of the image may be shorter
     * @param parts how many, at most {@link Wire#MAX_PARTS}
     * @param image its name
     */
    record Sums(long offset, int partBytes, int parts, String image) implements Order {
        @Override
        public Type type() {
            return Type.SUMS;
        }
    }

    /**
     * Say what became of an image behind the point where it parted from the sender's.
     *
     * @param fork the last event that both have
     * @param image its name
     */
    record Branch(Point fork, String image) implements Order {
        @Override
        public Type type() {
            return Type.BRANCH;
        }
    }

    /**
     * The sender no longer waits for the answer to the order of this number.
     *
     * @param words why
     */
    record Quit(String words) implements Order {
        @Override
        public Type type() {
            return Type.QUIT;
        }
    }
}
