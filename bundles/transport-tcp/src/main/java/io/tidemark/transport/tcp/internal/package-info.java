/**
 * The protocol ({@code Wire}, {@code Greeting}, {@code Inbound}, {@code SendSide}, {@code ReceiveSide}) and the sockets and
 * threads around it ({@code Reactor}, {@code Crew}, {@code Door}, {@code TcpLink}).
 */
package io.tidemark.transport.tcp.internal;
