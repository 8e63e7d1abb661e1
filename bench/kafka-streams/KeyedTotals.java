// The same keyed work as bench/runtime/workload.ts on Kafka Streams: reads an order, adds it to what is kept of its
// customer in RocksDB, passes it on with the totals. Exactly once (v2). Prints RUNNING when the topology runs.
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

public final class KeyedTotals {
  private static final String STORE = "totals";

  /** Arguments: brokers, application id, input topic, output topic, schema id of the output, state folder, threads, cached. */
  public static void main(String[] args) throws Exception {
    String input = args[2];
    String output = args[3];
    int schemaId = Integer.parseInt(args[4]);
    boolean cached = Boolean.parseBoolean(args[7]);

    StoreBuilder<KeyValueStore<String, byte[]>> store =
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray());
    store = cached ? store.withCachingEnabled() : store.withCachingDisabled();
    Topology topology = new Topology();
    topology.addSource("orders", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), input);
    topology.addProcessor("totals", () -> new Totals(schemaId), "orders");
    topology.addStateStore(store.withLoggingEnabled(Map.of()), "totals");
    topology.addSink("counted", output, Serdes.String().serializer(), Serdes.ByteArray().serializer(), "totals");

    Properties properties = new Properties();
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, args[5]);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Integer.parseInt(args[6]));
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "snappy");

    KafkaStreams streams = new KafkaStreams(topology, properties);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(70);
          return null;
        });
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) System.out.println("RUNNING");
        });
    CountDownLatch end = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  streams.close(Duration.ofSeconds(20));
                  end.countDown();
                }));
    streams.start();
    end.await();
  }

  /** Fields are read and written one by one with Avro's own decoder and encoder, as generated classes do. */
  private static final class Totals implements Processor<String, byte[], String, byte[]> {
    private static final int PREFIX_BYTES = 5;
    private final int schemaId;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> store;
    private BinaryDecoder decoder;
    private BinaryEncoder encoder;

    Totals(int schemaId) {
      this.schemaId = schemaId;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      this.context = context;
      this.store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> order) {
      try {
        byte[] value = order.value();
        if (value[0] != 0) throw new IOException("the value does not start with a zero byte and a schema id");
        decoder = DecoderFactory.get().binaryDecoder(value, PREFIX_BYTES, value.length - PREFIX_BYTES, decoder);
        long seq = decoder.readLong();
        long amountCents = decoder.readLong();
        String channel = decoder.readString();
        String article = decoder.readString();
        String note = decoder.readString();
        long placedAt = decoder.readLong();

        long count = 1;
        long sumCents = amountCents;
        long largestCents = amountCents;
        byte[] kept = store.get(order.key());
        if (kept != null) {
          decoder = DecoderFactory.get().binaryDecoder(kept, decoder);
          count += decoder.readLong();
          sumCents += decoder.readLong();
          largestCents = Math.max(largestCents, decoder.readLong());
        }
        begin();
        encoder.writeLong(count);
        encoder.writeLong(sumCents);
        encoder.writeLong(largestCents);
        encoder.writeLong(seq);
        encoder.flush();
        store.put(order.key(), bytes.toByteArray());

        begin();
        bytes.write(0);
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(schemaId).array());
        encoder.writeLong(seq);
        encoder.writeLong(amountCents);
        encoder.writeString(channel);
        encoder.writeString(article);
        encoder.writeString(note);
        encoder.writeLong(placedAt);
        encoder.writeLong(count);
        encoder.writeLong(sumCents);
        encoder.writeLong(largestCents);
        encoder.flush();
        context.forward(order.withValue(bytes.toByteArray()));
      } catch (IOException error) {
        throw new IllegalStateException(error);
      }
    }

    private void begin() {
      bytes.reset();
      encoder = EncoderFactory.get().binaryEncoder(bytes, encoder);
    }
  }
}
