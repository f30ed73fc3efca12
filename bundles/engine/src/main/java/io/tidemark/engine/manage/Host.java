package io.tidemark.engine.manage;

import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.base.work.Alarms;

/**
 * What the images of a node share.
 *
 * @param context clock, threads, files, payload memory
 * @param owner name of the node, as epochs name it
 * @param journalStores by pool
 * @param imageStores by pool
 * @param policies by name
 * @param strategies by name
 * @param turns for moving to a better store
 * @param shares of memory
 * @param news for who watches the node
 * @param alarms that wake images which look only now and then
 * @param asks who is told that an image asks its replicas
 * @param ask asks plugins
 * @param refused what of the configuration around the images is refused, for people
 */
record Host(
        StorageContext context,
        String owner,
        Providers<JournalStore> journalStores,
        Providers<ImageStore> imageStores,
        Providers<CommitPolicy> policies,
        Providers<TrimStrategy> strategies,
        Turns turns,
        Shares shares,
        NewsDesk news,
        Alarms alarms,
        Asks asks,
        Ask ask,
        Refused refused) {}
