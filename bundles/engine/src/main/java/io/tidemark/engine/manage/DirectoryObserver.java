package io.tidemark.engine.manage;

/** Is told of what comes and goes in an {@link ImageDirectory}. Called under no lock, on any thread; must not block. */
interface DirectoryObserver {
    /** Nobody. */
    DirectoryObserver NONE = new DirectoryObserver() {
        @Override
        public void imageAdded(String image) {}

        @Override
        public void imageRemoved(String image) {}

        @Override
        public void poolsChanged() {}
    };

    /** An image is listed from now on. */
    void imageAdded(String image);

    /** An image is not listed any more. */
    void imageRemoved(String image);

    /** A store came or went. */
    void poolsChanged();
}
