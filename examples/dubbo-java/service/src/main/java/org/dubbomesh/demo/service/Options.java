package org.dubbomesh.demo.service;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The command line of the providers: the same flags as the dubbo-go provider has. */
public final class Options {
    private static final Set<String> KNOWN = Set.of(
            "listen", "port", "name", "delay", "threads", "queues", "registry", "weight", "group", "version", "drain",
            "protocol", "providers", "metadata");
    private static final String USAGE = "flags: --listen IP:PORT --port N --name small --delay 50ms --threads 200"
            + " --queues 0 --registry HOST:PORT[,HOST:PORT] --metadata HOST:PORT[,HOST:PORT] --weight 100 --group G --version V --drain 300ms"
            + " --protocol dubbo --providers IP:PORT=WEIGHT[,…]";

    private final Map<String, String> values;

    private Options(Map<String, String> values) {
        this.values = values;
    }

    /** Reads {@code --flag value} and {@code --flag=value}; anything else ends the program with a sentence. */
    public static Options parse(String[] args) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < args.length; i++) {
            String[] parts = args[i].split("=", 2);
            String flag = parts[0].replaceFirst("^--?", "");
            if (flag.equals(parts[0]) || !KNOWN.contains(flag)) {
                throw exit("unknown argument " + args[i]);
            }
            if (parts.length == 2) {
                values.put(flag, parts[1]);
            } else if (i + 1 < args.length) {
                values.put(flag, args[++i]);
            } else {
                throw exit(args[i] + " needs a value");
            }
        }
        return new Options(values);
    }

    /** A text flag, "" when it was not given. */
    public String text(String flag) {
        return values.getOrDefault(flag, "");
    }

    public String text(String flag, String otherwise) {
        return values.getOrDefault(flag, otherwise);
    }

    public int number(String flag, int otherwise) {
        String value = values.get(flag);
        try {
            return value == null ? otherwise : Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw exit("--" + flag + " " + value + " is no whole number");
        }
    }

    /** A duration such as 50ms or 2s, in milliseconds. */
    public int millis(String flag, int otherwise) {
        String value = values.get(flag);
        if (value == null) {
            return otherwise;
        }
        if (value.matches("\\d{1,7}ms")) {
            return Integer.parseInt(value.substring(0, value.length() - 2));
        }
        if (value.matches("\\d{1,4}s")) {
            return 1000 * Integer.parseInt(value.substring(0, value.length() - 1));
        }
        throw exit("--" + flag + " " + value + " is no duration; write it as 50ms or 2s");
    }

    /** The IP address to listen on, "127.0.0.1" unless --listen says otherwise. */
    public String host() {
        String listen = text("listen");
        return listen.isEmpty() ? "127.0.0.1" : listen.substring(0, colon(listen));
    }

    /** The port to listen on, 20880 unless --port or --listen says otherwise. */
    public int port() {
        String listen = text("listen");
        if (listen.isEmpty() || values.containsKey("port")) {
            return number("port", 20880);
        }
        String port = listen.substring(colon(listen) + 1);
        if (!port.matches("\\d{1,5}")) {
            throw exit("--listen " + listen + " has no port; write it as 127.0.0.1:20880");
        }
        return Integer.parseInt(port);
    }

    private static int colon(String listen) {
        int at = listen.lastIndexOf(':');
        if (at < 1) {
            throw exit("--listen " + listen + " is no address; write it as 127.0.0.1:20880");
        }
        return at;
    }

    private static IllegalArgumentException exit(String message) {
        System.err.println("demo-provider: " + message + "; " + USAGE);
        System.exit(2);
        return new IllegalArgumentException(message);
    }
}
