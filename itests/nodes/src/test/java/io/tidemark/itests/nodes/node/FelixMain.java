package io.tidemark.itests.nodes.node;

import io.tidemark.framework.PlainFramework;
import io.tidemark.itests.nodes.harness.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * The process of a node on plain Felix. Nothing of the product is on its class path: it is in bundles, configured by files in
 * {@code DATA/etc}, and asked by its JMX beans. Arguments: DATA, the socket that its NBD server is configured with, the
 * directory with the platform's bundles, and {@code ARTIFACT=PATH} for each bundle of ours. Commands and answers are as those
 * of {@link NodeMain}: {@code status IMAGE} (figures as in docs/reference/metrics.md), {@code refused},
 * {@code java} (its version), {@code stop}.
 */
public final class FelixMain {
    private static final Duration PATIENCE = Duration.ofSeconds(55);
    private static final String DOMAIN = "io.tidemark:";

    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    private final PlainFramework framework;

    private FelixMain(PlainFramework framework) {
        this.framework = framework;
    }

    /**
     * Runs a node.
     *
     * @param arguments see above
     * @throws Exception when it cannot start
     */
    public static void main(String[] arguments) throws Exception {
        // Answers have the standard output for themselves.
        PrintStream answers = System.out;
        System.setOut(System.err);
        Path data = Path.of(arguments[0]);
        Map<String, Path> ours = new LinkedHashMap<>();
        for (String bundle : Arrays.asList(arguments).subList(3, arguments.length)) {
            ours.put(bundle.substring(0, bundle.indexOf('=')), Path.of(bundle.substring(bundle.indexOf('=') + 1)));
        }
        Map<String, String> properties = Map.of("org.ops4j.pax.logging.DefaultServiceLog.level", "INFO");
        FelixMain main = new FelixMain(PlainFramework.start(data, Path.of(arguments[2]), ours, properties));
        main.awaitServing(data.resolve("etc"), UnixDomainSocketAddress.of(arguments[1]));
        main.answer(answers);
    }

    private void awaitServing(Path etc, UnixDomainSocketAddress socket) throws IOException {
        long wished;
        try (Stream<Path> files = Files.list(etc)) {
            wished = files.filter(file -> file.getFileName().toString().startsWith("io.tidemark.image-"))
                    .count();
        }
        Await.until("the images of " + etc, PATIENCE, () -> {
            Map<String, Object> node = figures(new ObjectName(DOMAIN + "type=Node"));
            return figure(node, "images") == wished && figure(node, "images.starting") == 0;
        });
        Await.until("the NBD server at " + socket, PATIENCE, () -> accepts(socket));
    }

    private static long figure(Map<String, Object> figures, String name) {
        return figures.get(name) instanceof Number number ? number.longValue() : -1;
    }

    private static boolean accepts(UnixDomainSocketAddress socket) {
        try (SocketChannel channel = SocketChannel.open(socket)) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private void answer(PrintStream answers) throws Exception {
        answers.println("ok serving");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.println("ok " + execute(line.split(" ")));
            if (line.equals("stop")) {
                System.exit(0);
            }
        }
        // Whoever started this process is gone.
        Runtime.getRuntime().halt(1);
    }

    private String execute(String[] words) throws JMException {
        switch (words[0]) {
            case "status":
                return figures(new ObjectName(DOMAIN + "type=Image,name=" + words[1])).entrySet().stream()
                        .map(figure -> figure.getKey() + "="
                                + figure.getValue().toString().replaceAll("[ \n]", "_"))
                        .collect(Collectors.joining(" "));
            case "refused":
                return refused();
            case "java":
                return Integer.toString(Runtime.version().feature());
            case "stop":
                framework.close();
                return "";
            default:
                throw new IllegalArgumentException("unknown command " + words[0]);
        }
    }

    private String refused() throws JMException {
        StringBuilder refused = new StringBuilder();
        Set<ObjectName> images = beans.queryNames(new ObjectName(DOMAIN + "type=Image,*"), null);
        for (ObjectName name : images) {
            Map<String, Object> figures = figures(name);
            if (!"SERVING".equals(figures.get("state"))) {
                refused.append(refused.length() == 0 ? "" : "; ")
                        .append(name.getKeyProperty("name") + ": " + figures.get("state") + ": "
                                + figures.get("detail"));
            }
        }
        return refused.toString().replace('\n', ' ');
    }

    /** Empty while there is no such bean. */
    private Map<String, Object> figures(ObjectName name) throws JMException {
        Map<String, Object> figures = new TreeMap<>();
        if (beans.isRegistered(name)) {
            String[] names = Stream.of(beans.getMBeanInfo(name).getAttributes())
                    .map(MBeanAttributeInfo::getName)
                    .toArray(String[]::new);
            for (Attribute attribute : beans.getAttributes(name, names).asList()) {
                figures.put(attribute.getName(), attribute.getValue());
            }
        }
        return figures;
    }
}
