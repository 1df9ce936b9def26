package org.dubbomesh.demo.service;

final class Pause {
    private Pause() {}

    /** Sleeps; an interrupted call fails, as an interrupted call should. */
    static void millis(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting", e);
        }
    }
}
