package org.dubbomesh.demo.consumer;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The command line: URL, method, how many calls, and flags. */
final class Options {
    private static final Set<String> KNOWN = Set.of(
            "interface", "args", "threads", "timeout", "retries", "generic", "group", "version", "linger", "attachments");
    private static final String USAGE = "usage: consumer dubbo://IP:PORT[?serialization=…] METHOD COUNT (METHOD all: every method, at every one of"
            + " several URLs and interfaces with commas between them) [--interface org.dubbomesh.demo.Echo]"
            + " [--args a,b] [--threads 1] [--timeout 3000] [--retries 2] [--generic true] [--group G] [--version V]"
            + " [--attachments key=value,…] [--linger MILLISECONDS, then one call more]";

    private final String[] words;
    private final Map<String, String> values;

    private Options(String[] words, Map<String, String> values) {
        this.words = words;
        this.values = values;
    }

    static Options parse(String[] args) {
        Map<String, String> values = new HashMap<>();
        String[] words = new String[3];
        int seen = 0;
        for (int i = 0; i < args.length; i++) {
            String[] parts = args[i].split("=", 2);
            String flag = parts[0].replaceFirst("^--", "");
            if (flag.equals(parts[0])) {
                if (seen == words.length) {
                    throw exit("unexpected argument " + args[i]);
                }
                words[seen++] = args[i];
            } else if (!KNOWN.contains(flag)) {
                throw exit("unknown flag " + args[i]);
            } else if (parts.length == 2) {
                values.put(flag, parts[1]);
            } else if (i + 1 < args.length) {
                values.put(flag, args[++i]);
            } else {
                throw exit(args[i] + " needs a value");
            }
        }
        if (seen < words.length || !words[2].matches("[1-9][0-9]{0,8}")) {
            throw exit("name a URL, a method and a number of calls");
        }
        return new Options(words, values);
    }

    /** The URL, or several with commas. Dubbo takes 127.0.0.1 for a mistake and calls another address of the machine; written as one number it stays. */
    String url() {
        return words[0].replace("//127.0.0.1:", "//2130706433:");
    }

    String method() {
        return words[1];
    }

    int count() {
        return Integer.parseInt(words[2]);
    }

    String text(String flag, String otherwise) {
        return values.getOrDefault(flag, otherwise);
    }

    int number(String flag, int otherwise) {
        try {
            return Integer.parseInt(values.getOrDefault(flag, String.valueOf(otherwise)));
        } catch (NumberFormatException e) {
            throw exit("--" + flag + " " + values.get(flag) + " is no whole number");
        }
    }

    Map<String, String> attachments() {
        Map<String, String> all = new HashMap<>();
        for (String pair : text("attachments", "").split(",")) {
            if (pair.contains("=")) {
                all.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
            }
        }
        return all;
    }

    static RuntimeException exit(String why) {
        System.err.println("demo-consumer: " + why + "\n" + USAGE);
        System.exit(2);
        return new IllegalStateException(why);
    }
}
