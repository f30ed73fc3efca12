/**
 * Links between nodes over TCP and Unix sockets. {@link io.tidemark.transport.tcp.TcpTransport} is the transport,
 * {@link io.tidemark.transport.tcp.internal.TcpTransportComponent} runs it in a container.
 */
package io.tidemark.transport.tcp;
