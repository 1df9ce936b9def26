package org.dubbomesh.demo.provider;

import com.alibaba.dubbo.performance.demo.provider.IHelloService;
import java.util.Map;
import org.apache.dubbo.config.ApplicationConfig;
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

/** Exports the demo services with Dubbo 3.3, which has no etcd registry of its own. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        Options options = Options.parse(args);
        if (!options.text("registry").isEmpty()) {
            System.err.println("demo-provider: Dubbo 3.3 has no etcd registry; use provider-2, or dubbomesh register");
            System.exit(2);
        }
        System.setProperty("dubbo.service.shutdown.wait", String.valueOf(options.millis("drain", 300)));
        System.setProperty("dubbo.application.logger", "slf4j");
        // Dubbo takes 127.0.0.1 for a mistake; written as one number it can be listened at.
        String host = options.host().equals("127.0.0.1") ? "2130706433" : options.host();
        if (!host.equals("0.0.0.0")) { // which is what Dubbo listens at when told nothing
            System.setProperty("DUBBO_IP_TO_BIND", host);
            System.setProperty("DUBBO_IP_TO_REGISTRY", host);
        }

        DubboBootstrap bootstrap = DubboBootstrap.getInstance()
                .application(application())
                .registry(new RegistryConfig(RegistryConfig.NO_AVAILABLE))
                .protocol(protocol(options))
                .service(service(options, IHelloService.class, new Hello(options.millis("delay", 50))))
                .service(service(options, Echo.class, new EchoService(options.text("name", "small"), Main::attachments)))
                .service(service(options, Overloaded.class, new OverloadedService()))
                .service(service(options, Types.class, new TypesService()));
        try {
            bootstrap.start();
        } catch (RuntimeException e) {
            System.err.println("demo-provider: cannot start: " + e.getMessage());
            System.exit(1);
        }
        System.out.println("listening " + options.host() + ":" + options.port());
        bootstrap.await();
    }

    private static ApplicationConfig application() {
        ApplicationConfig application = new ApplicationConfig("demo-provider");
        application.setQosEnable(false);
        application.setDumpEnable(false); // no thread dumps into the home directory when the pool is exhausted
        return application;
    }

    private static ProtocolConfig protocol(Options options) {
        // dubbo, or tri for Triple, which is HTTP/2
        ProtocolConfig protocol = new ProtocolConfig(options.text("protocol", "dubbo"), options.port());
        protocol.setThreads(options.number("threads", 200));
        protocol.setQueues(options.number("queues", 0));
        protocol.setPayload(16 << 20);
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
        return RpcContext.getServerAttachment().getObjectAttachments();
    }
}
