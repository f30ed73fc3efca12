/**
 * The protocol (bytes to bytes: {@code Handshake}, {@code RequestRules}, {@code Replies}, {@code Allocation}), and the
 * sockets and threads around it ({@code Listener}, {@code Connection}, {@code Transmission}, {@code Outbox}).
 */
package io.tidemark.nbd.internal;
