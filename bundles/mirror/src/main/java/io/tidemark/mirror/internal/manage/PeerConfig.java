package io.tidemark.mirror.internal.manage;

import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.base.text.Names;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.base.wish.Wish;
import io.tidemark.mirror.internal.identity.PublicKeys;
import io.tidemark.mirror.internal.run.PeerWish;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What {@code etc/io.tidemark.mirror.peer-NAME.cfg} says.
 *
 * @param name of the peer
 * @param settings how it is reached and known
 * @param images of this node that it may have, with their names there
 */
record PeerConfig(String name, PeerSettings settings, Map<String, String> images) {
    static final String TRANSPORT = "transport";
    static final String ADDRESS = "address";
    static final String FINGERPRINT = "fingerprint";
    static final String KEY = "key";
    static final String MAY_PLACE = "mayPlace";
    static final String IMAGES = "images";
    private static final Set<String> KEYS =
            new TreeSet<>(Set.of(TRANSPORT, ADDRESS, FINGERPRINT, KEY, MAY_PLACE, IMAGES));

    static PeerConfig read(Wish wish) {
        wish.check();
        for (String key : wish.properties().keySet()) {
            if (!KEYS.contains(key)) {
                throw KeyReader.wrong(key, "a peer has no such key" + KeyReader.nearest(key, KEYS));
            }
        }
        KeyReader reader = new KeyReader(wish.properties());
        PeerSettings settings = new PeerSettings(
                reader.value(TRANSPORT, PeerSettings.TCP, text -> Names.check("transport", text)),
                reader.text(ADDRESS, ""),
                reader.text(FINGERPRINT, ""),
                reader.value(KEY, "", text -> PublicKeys.text(PublicKeys.parse(text))),
                reader.truth(MAY_PLACE, true));
        checkFingerprint(settings);
        if (settings.transport().equals(PeerSettings.LOCAL)) {
            checkLocal(settings);
        } else if (settings.address().isEmpty() && settings.key().isEmpty()) {
            throw KeyReader.wrong(
                    KEY, "a peer without an address needs a key: nothing else says who may open links in its name");
        }
        return new PeerConfig(wish.name(), settings, images(reader));
    }

    private static void checkLocal(PeerSettings settings) {
        Map<String, String> given =
                Map.of(ADDRESS, settings.address(), FINGERPRINT, settings.fingerprint(), KEY, settings.key());
        new TreeMap<>(given).forEach((key, value) -> {
            if (!value.isEmpty()) {
                throw KeyReader.wrong(key, "a peer whose transport is " + PeerSettings.LOCAL + " is this node itself");
            }
        });
    }

    private static void checkFingerprint(PeerSettings settings) {
        try {
            if (!settings.fingerprint().isEmpty()) {
                new PeerAddress(settings.address(), settings.fingerprint());
            }
        } catch (IllegalArgumentException e) {
            throw KeyReader.wrong(FINGERPRINT, e.getMessage());
        }
    }

    private static Map<String, String> images(KeyReader reader) {
        Map<String, String> images = new TreeMap<>();
        for (String text : reader.names(IMAGES)) {
            int colon = text.indexOf(':');
            String here = colon < 0 ? text : text.substring(0, colon);
            try {
                Names.check("image", here);
                images.put(here, Names.check("image", colon < 0 ? text : text.substring(colon + 1)));
            } catch (IllegalArgumentException e) {
                throw KeyReader.wrong(IMAGES, e.getMessage());
            }
        }
        return images;
    }

    static Map<String, String> properties(PeerSettings settings) {
        Map<String, String> properties = new TreeMap<>();
        properties.put(TRANSPORT, settings.transport());
        properties.put(ADDRESS, settings.address());
        properties.put(FINGERPRINT, settings.fingerprint());
        properties.put(KEY, settings.key());
        properties.put(MAY_PLACE, String.valueOf(settings.mayPlace()));
        return properties;
    }

    /** What has to be changed so that it may have an image; null when it may already, under that name. */
    Map<String, String> with(String image, String there) {
        if (there.equals(images.get(image))) {
            return null;
        }
        Map<String, String> more = new TreeMap<>(images);
        more.put(image, there);
        return Map.of(IMAGES, text(more));
    }

    /** What has to be changed so that it may not; null when it may not already. */
    Map<String, String> without(String image) {
        if (!images.containsKey(image)) {
            return null;
        }
        Map<String, String> fewer = new TreeMap<>(images);
        fewer.remove(image);
        return Map.of(IMAGES, text(fewer));
    }

    private static String text(Map<String, String> images) {
        return images.entrySet().stream()
                .map(each ->
                        each.getKey().equals(each.getValue()) ? each.getKey() : each.getKey() + ":" + each.getValue())
                .collect(Collectors.joining(", "));
    }

    PeerWish wish() {
        Optional<PeerAddress> address = settings.address().isEmpty()
                ? Optional.empty()
                : Optional.of(new PeerAddress(settings.address(), settings.fingerprint()));
        return new PeerWish(name, settings.transport(), address, settings.key());
    }
}
