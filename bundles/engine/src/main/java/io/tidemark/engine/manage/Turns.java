package io.tidemark.engine.manage;

/** Lets one image at a time move to a better store, so that a newcomer that fails hurts one and not all. */
final class Turns {
    private Object holder;
    private final Runnable released;

    Turns(Runnable released) {
        this.released = released;
    }

    /** Takes the turn or has it already. Who does not get it is woken when it is free. */
    synchronized boolean tryTake(Object who) {
        if (holder == null) {
            holder = who;
        }
        return holder == who;
    }

    void release(Object who) {
        boolean freed;
        synchronized (this) {
            freed = holder == who;
            if (freed) {
                holder = null;
            }
        }
        if (freed) {
            released.run();
        }
    }
}
