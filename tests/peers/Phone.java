import java.io.*;
import java.nio.file.*;
import java.security.KeyStore;
import javax.net.ssl.*;

/**
 * A phone: it knows a .bks and its password, and nothing else. Default trust and key managers, the
 * server's name checked as HTTPS does, MQTT 3.1.1. Prints CONNACK's return code, then what came
 * back of a published message.
 *
 * Phone HOST PORT STORE PASSWORD
 */
public class Phone {
    public static void main(String[] args) throws Exception {
        char[] password = args[3].toCharArray();
        KeyStore store = KeyStore.getInstance("BKS", new org.bouncycastle.jce.provider.BouncyCastleProvider());
        try (InputStream in = Files.newInputStream(Path.of(args[2]))) {
            store.load(in, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(args[0], Integer.parseInt(args[1]))) {
            socket.setSoTimeout(10_000);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            packet(out, 0x10, text("MQTT"), new byte[] {4, 2, 0, 30}, text("phone-" + System.nanoTime() % 1000));
            System.out.println("CONNACK " + read(in, 0x20)[1]);
            String topic = "phone/" + System.nanoTime();
            packet(out, 0x82, new byte[] {0, 1}, text(topic), new byte[] {1});
            read(in, 0x90);
            packet(out, 0x30, text(topic), "hello".getBytes());
            byte[] echo = read(in, 0x30);
            System.out.println("echo " + new String(echo, 2 + topic.length(), echo.length - 2 - topic.length()));
            packet(out, 0xe0);
        }
    }

    static byte[] text(String text) {
        byte[] bytes = text.getBytes();
        byte[] out = new byte[bytes.length + 2];
        out[1] = (byte) bytes.length;
        System.arraycopy(bytes, 0, out, 2, bytes.length);
        return out;
    }

    static void packet(DataOutputStream out, int header, byte[]... parts) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (byte[] part : parts) body.write(part);
        out.write(header);
        out.write(body.size());
        out.write(body.toByteArray());
        out.flush();
    }

    static byte[] read(DataInputStream in, int header) throws IOException {
        int first = in.readUnsignedByte();
        if (first != header) throw new IOException("expected packet " + header + ", got " + first);
        byte[] body = new byte[in.readUnsignedByte()];
        in.readFully(body);
        return body;
    }
}
