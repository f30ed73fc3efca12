/**
 * The contract of links between nodes: ordered, framed, credit-controlled, with back-pressure. Knows no journal and no image;
 * the mirror protocol is written once, on top of it.
 *
 * <p><b>Threads.</b> No call into this package waits for the network, and no callback may wait or do work: opening a gate is
 * the usual thing. Callbacks come from a thread of the transport, under none of its locks, and never from within a call of
 * the one who is called back. Those of one link come one at a time: first {@link io.tidemark.api.transport.LinkAcceptor#opened},
 * then any number of {@link io.tidemark.api.transport.LinkListener#readable} and
 * {@link io.tidemark.api.transport.LinkListener#writable}, then {@link io.tidemark.api.transport.LinkListener#closed} once.
 *
 * <p><b>Memory.</b> A link holds at most what its configuration allows, in each direction: frames that were handed in and are
 * not sent, and frames that were received and are not released. What is beyond that stays with the peer, whose
 * {@link io.tidemark.api.transport.Link#trySend} says no.
 */
@Export
@Version("2.2.0")
package io.tidemark.api.transport;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
