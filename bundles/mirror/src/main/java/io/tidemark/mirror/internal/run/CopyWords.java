package io.tidemark.mirror.internal.run;

import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;

/** A copy in plain words. */
final class CopyWords {
    private CopyWords() {}

    static String of(MirrorStatus.Copy copy) {
        String left = copy.leftBytes() < 0 ? "" : ", about " + Sizes.format(copy.leftBytes()) + " left";
        String time = copy.leftNanos() < 0 ? "" : ", " + Durations.format(copy.leftNanos());
        if (copy.comparedBytes() >= 0) {
            return "compares at " + Sizes.format(copy.bytesPerSecond()) + "/s, " + Sizes.format(copy.comparedBytes())
                    + " compared, " + Sizes.format(copy.copiedBytes()) + " of it differed and were copied" + left
                    + time;
        }
        return "copies at " + Sizes.format(copy.bytesPerSecond()) + "/s" + left + time;
    }
}
