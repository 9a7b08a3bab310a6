import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Driver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import com.mongodb.ConnectionString;
import org.springframework.boot.autoconfigure.amqp.RabbitProperties;
import org.springframework.boot.autoconfigure.data.redis.RedisProperties;
import org.springframework.boot.autoconfigure.mongo.MongoProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.cloud.bindings.Bindings;
import org.springframework.cloud.bindings.boot.BindingsPropertiesProcessor;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.support.SpringFactoriesLoader;

/**
 * For each directory of bindings in its arguments, what Spring Cloud Bindings and Spring Boot make of them: lines with the
 * directory, a name and a value, separated by tabs, the value percent-encoded. Names with an arrow are not properties, but
 * what Spring Boot or a driver makes of the properties.
 */
public class SpringReader {
  private static final Map<String, String> DRIVERS = Map.of(
      "postgresql", "org.postgresql.Driver",
      "mysql", "com.mysql.cj.jdbc.Driver",
      "mariadb", "org.mariadb.jdbc.Driver",
      "sqlserver", "com.microsoft.sqlserver.jdbc.SQLServerDriver",
      "oracle", "oracle.jdbc.OracleDriver");
  private static final List<String> TOLD = List.of(
      "host", "port", "dbname", "serverName", "portNumber", "databaseName", "PGHOST", "PGPORT", "PGDBNAME", "sslmode");

  public static void main(String[] roots) throws Exception {
    for (String root : roots) {
      Map<String, Object> properties = propertiesOf(root);
      Map<String, String> made = new TreeMap<>();
      for (Map.Entry<String, Object> entry : properties.entrySet()) {
        made.put(entry.getKey(), String.valueOf(entry.getValue()));
      }
      Object url = properties.get("spring.datasource.url");
      if (url != null) askDrivers(url.toString(), made);
      try {
        bindAll(properties, made);
      } catch (Exception failure) {
        made.put("-> refused", failure.getMessage());
      }
      for (Map.Entry<String, String> entry : made.entrySet()) {
        String value = URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8).replace("+", "%20");
        System.out.println(root + "\t" + entry.getKey() + "\t" + value);
      }
    }
  }

  private static Map<String, Object> propertiesOf(String root) {
    StandardEnvironment environment = new StandardEnvironment();
    Map<String, Object> switches = Map.of("org.springframework.cloud.bindings.boot.enable", "true");
    environment.getPropertySources().addFirst(new MapPropertySource("switches", switches));
    Map<String, Object> properties = new HashMap<>();
    ClassLoader loader = SpringReader.class.getClassLoader();
    for (BindingsPropertiesProcessor processor :
        SpringFactoriesLoader.loadFactories(BindingsPropertiesProcessor.class, loader)) {
      processor.process(environment, new Bindings(root), properties);
    }
    return properties;
  }

  /** As an application does when it starts: what can not be bound keeps it from starting. */
  private static void bindAll(Map<String, Object> properties, Map<String, String> made) {
    StandardEnvironment environment = new StandardEnvironment();
    environment.getPropertySources().addFirst(new MapPropertySource("bindings", properties));
    Binder binder = Binder.get(environment);
    binder.bind("spring.data.redis", RedisProperties.class);
    binder.bind("spring.rabbitmq", RabbitProperties.class).ifBound((rabbit) -> {
      made.put("-> rabbit addresses", String.join(",", rabbit.determineAddresses()));
      made.put("-> rabbit login", rabbit.determineUsername() + ":" + rabbit.determinePassword());
      made.put("-> rabbit virtual host", rabbit.determineVirtualHost());
      made.put("-> rabbit tls", String.valueOf(rabbit.getSsl().determineEnabled()));
    });
    binder.bind("spring.data.mongodb", MongoProperties.class).ifBound((mongo) -> {
      if (mongo.getUri() == null) return;
      ConnectionString uri = new ConnectionString(mongo.getUri());
      made.put("-> mongo hosts", String.join(",", uri.getHosts()));
      made.put("-> mongo user", String.valueOf(uri.getUsername()));
      made.put("-> mongo replica set", String.valueOf(uri.getRequiredReplicaSetName()));
    });
  }

  private static void askDrivers(String url, Map<String, String> made) throws Exception {
    for (Map.Entry<String, String> entry : DRIVERS.entrySet()) {
      Driver driver = (Driver) Class.forName(entry.getValue()).getDeclaredConstructor().newInstance();
      if (!driver.acceptsURL(url)) continue;
      Map<String, String> told = new TreeMap<>();
      if (driver instanceof org.postgresql.Driver) {
        org.postgresql.Driver.parseURL(url, null).forEach((name, value) -> {
          if (TOLD.contains(name)) told.put(name.toString(), value.toString());
        });
      }
      for (var property : driver.getPropertyInfo(url, new Properties())) {
        if (TOLD.contains(property.name) && property.value != null) told.put(property.name, property.value);
      }
      made.put("-> jdbc " + entry.getKey(), told.toString());
    }
  }
}
