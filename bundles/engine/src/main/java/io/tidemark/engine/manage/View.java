package io.tidemark.engine.manage;

import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.image.ImageHead;
import io.tidemark.engine.image.JournaledImage;

/**
 * What is the case with one image, for everybody to read. Made by its worker.
 *
 * @param engine the image; null while there is none
 * @param stores what it has open; null while it is suspended
 * @param config the configuration in force; null when the very first one was refused
 * @param refusal why the last configuration was refused; empty when it is in force
 * @param state while there is no engine, or no stores
 * @param detail of that state
 * @param head of the image as opened last; null when unknown
 */
record View(
        JournaledImage engine,
        OpenStores stores,
        ImageConfig config,
        String refusal,
        State state,
        String detail,
        ImageHead head) {}
