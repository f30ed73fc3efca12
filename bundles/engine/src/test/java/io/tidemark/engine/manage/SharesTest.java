package io.tidemark.engine.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.engine.image.ImageSettings;
import org.junit.jupiter.api.Test;

class SharesTest {
    @Test
    void oneImageGetsWhatItWishesAndManyShare() {
        Shares shares = new Shares(128L << 20, 1 << 20);
        assertEquals(ImageSettings.DEFAULT, shares.limit(ImageSettings.DEFAULT));
        shares.images(4);
        assertEquals(24L << 20, shares.limit(ImageSettings.DEFAULT).hotPayloadBytes());
        assertEquals(1 << 18, shares.limit(ImageSettings.DEFAULT).indexBudgetEntries());
        shares.images(1000);
        assertEquals(4L << 20, shares.limit(ImageSettings.DEFAULT).hotPayloadBytes());
        assertEquals(1 << 14, shares.limit(ImageSettings.DEFAULT).indexBudgetEntries());
        shares.images(0);
        assertEquals(ImageSettings.DEFAULT, shares.limit(ImageSettings.DEFAULT));
    }
}
