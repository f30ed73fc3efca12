/**
 * An NBD server for the devices of a node. {@link io.tidemark.nbd.NbdServer} is the server,
 * {@link io.tidemark.nbd.NbdServerComponent} runs it in a container.
 */
package io.tidemark.nbd;
