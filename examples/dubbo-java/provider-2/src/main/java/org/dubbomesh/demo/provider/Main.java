package org.dubbomesh.demo.provider;

import com.alibaba.dubbo.performance.demo.provider.IHelloService;
import java.util.Map;
import org.apache.dubbo.common.utils.NetUtils;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.MetadataReportConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.RpcContext;
import org.dubbomesh.demo.Echo;
import org.dubbomesh.demo.Overloaded;
import org.dubbomesh.demo.Types;
import org.dubbomesh.demo.service.EchoService;
import org.dubbomesh.demo.service.Hello;
import org.dubbomesh.demo.service.Options;
import org.dubbomesh.demo.service.OverloadedService;
import org.dubbomesh.demo.service.TypesService;

/** Exports the demo services with Dubbo 2.7 and, when told to, registers and describes them in etcd as Dubbo itself does. */
public final class Main {
    private static final String LOOPBACK = "2130706433";

    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        Options options = Options.parse(args);
        if (!options.text("protocol", "dubbo").equals("dubbo")) {
            System.err.println("demo-provider: Dubbo 2.7 speaks dubbo only; use provider-3 for --protocol " + options.text("protocol"));
            System.exit(2);
        }
        System.setProperty("dubbo.service.shutdown.wait", String.valueOf(options.millis("drain", 300)));
        System.setProperty("dubbo.application.logger", "slf4j");
        String host = host(options);
        if (!host.equals("0.0.0.0")) { // which is what Dubbo listens at when told nothing
            System.setProperty("DUBBO_IP_TO_BIND", host);
            System.setProperty("DUBBO_IP_TO_REGISTRY", host);
        }

        DubboBootstrap bootstrap = DubboBootstrap.getInstance()
                .application(application())
                .registry(registry(options))
                .protocol(protocol(options))
                .service(service(options, IHelloService.class, new Hello(options.millis("delay", 50))))
                .service(service(options, Echo.class, new EchoService(options.text("name", "small"), Main::attachments)))
                .service(service(options, Overloaded.class, new OverloadedService()))
                .service(service(options, Types.class, new TypesService()));
        if (!options.text("metadata").isEmpty()) {
            bootstrap.metadataReport(metadataReport(options));
        }
        try {
            bootstrap.start();
        } catch (RuntimeException e) {
            System.err.println("demo-provider: cannot start: " + e.getMessage());
            System.exit(1);
        }
        System.out.println("listening " + (host.equals(LOOPBACK) ? "127.0.0.1" : host) + ":" + options.port());
        bootstrap.await();
    }

    /**
     * The address to listen at and to register. Dubbo takes 127.0.0.1 for a mistake, and never registers it: written
     * as one number it can be listened at, and a provider that registers uses the machine's own address.
     */
    private static String host(Options options) {
        if (!options.host().equals("127.0.0.1")) {
            return options.host();
        }
        return options.text("registry").isEmpty() ? LOOPBACK : NetUtils.getLocalHost();
    }

    private static ApplicationConfig application() {
        ApplicationConfig application = new ApplicationConfig("demo-provider");
        application.setQosEnable(false);
        return application;
    }

    private static RegistryConfig registry(Options options) {
        String endpoints = options.text("registry");
        if (endpoints.isEmpty()) {
            return new RegistryConfig(RegistryConfig.NO_AVAILABLE);
        }
        RegistryConfig registry = new RegistryConfig(address("etcd3", endpoints));
        registry.setUseAsConfigCenter(false);
        registry.setUseAsMetadataCenter(false);
        return registry;
    }

    /** Where Dubbo tells the methods and classes of each service: keys below /dubbo/metadata. */
    private static MetadataReportConfig metadataReport(Options options) {
        return new MetadataReportConfig(address("etcd", options.text("metadata")));
    }

    private static String address(String protocol, String endpoints) {
        String[] parts = endpoints.split(",", 2);
        return protocol + "://" + parts[0] + (parts.length == 2 ? "?backup=" + parts[1] : "");
    }

    private static ProtocolConfig protocol(Options options) {
        ProtocolConfig protocol = new ProtocolConfig("dubbo", options.port());
        protocol.setThreads(options.number("threads", 200));
        protocol.setQueues(options.number("queues", 0));
        protocol.setPayload(16 << 20);
        // Where the thread dump goes when the pool is exhausted; the home directory otherwise.
        protocol.setParameters(Map.of("dump.directory", System.getProperty("java.io.tmpdir")));
        return protocol;
    }

    private static <T> ServiceConfig<T> service(Options options, Class<T> type, T implementation) {
        ServiceConfig<T> service = new ServiceConfig<>();
        service.setId(type.getName()); // without an id Dubbo takes every service after the first for a duplicate
        service.setInterface(type);
        service.setRef(implementation);
        service.setWeight(options.number("weight", 100));
        if (!options.text("group").isEmpty()) {
            service.setGroup(options.text("group"));
        }
        if (!options.text("version").isEmpty()) {
            service.setVersion(options.text("version"));
        }
        return service;
    }

    private static Map<String, Object> attachments() {
        return RpcContext.getContext().getObjectAttachments();
    }
}
