package io.tidemark.mirror.internal.run;

/**
 * How it stands with another node, for people.
 *
 * @param name what it is called here
 * @param address where it is reached; empty when it is the peer that opens the link
 * @param key its public key, or empty while it is not known
 * @param linked whether there is a link now
 * @param state in plain words
 */
public record PeerStatus(String name, String address, String key, boolean linked, String state) {}
