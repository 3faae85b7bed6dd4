// Reads and writes keystores as a plan says, many in one JVM.
//
// A line of the plan is a command and its words, between tabs; texts are UTF-8 in hex:
//   read TYPE PROVIDER FILE STOREPASSWORD KEYPASSWORD
//   write TYPE PROVIDER FILE STOREPASSWORD KEYPASSWORD ALIAS KEY.p8 CERTIFICATE...
// Both print a line for each entry: file, alias (UTF-16 in hex), kind, date in milliseconds, SHA-256
// of the key or certificate, and those of the chain; or file, `refused`, reason.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.*;
import java.util.*;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

public class Stores {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new org.bouncycastle.jce.provider.BouncyCastleProvider());
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] words = line.split("\t", -1);
            try {
                if (words[0].equals("write")) {
                    write(words);
                }
                read(words, out);
            } catch (Exception | StackOverflowError error) {
                out.println(words[3] + "\trefused\t" + String.valueOf(error).replaceAll("\\s", " "));
            }
        }
        out.flush();
    }

    static void write(String[] words) throws Exception {
        KeyStore store = KeyStore.getInstance(words[1], words[2]);
        store.load(null, null);
        char[] keyPassword = text(words[5]).toCharArray();
        String alias = text(words[6]);
        List<Certificate> chain = new ArrayList<>();
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        for (String file : Arrays.asList(words).subList(8, words.length)) {
            chain.add(factory.generateCertificate(new FileInputStream(file)));
        }
        KeySpec spec = new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(words[7])));
        String algorithm = chain.get(0).getPublicKey().getAlgorithm();
        PrivateKey key = KeyFactory.getInstance(algorithm).generatePrivate(spec);
        store.setKeyEntry(alias, key, keyPassword, chain.toArray(new Certificate[0]));
        store.setCertificateEntry("ca", chain.get(chain.size() - 1));
        // Debian's BouncyCastle takes private keys alone into PKCS#12.
        if (!words[1].equals("JKS") && !(words[1].equals("PKCS12") && words[2].equals("BC"))) {
            SecretKey secret = new SecretKeySpec(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, "AES");
            store.setKeyEntry("secret", secret, keyPassword, null);
        }
        try (OutputStream file = new FileOutputStream(words[3])) {
            store.store(file, text(words[4]).toCharArray());
        }
    }

    static void read(String[] words, PrintStream out) throws Exception {
        KeyStore store = KeyStore.getInstance(words[1], words[2]);
        try (InputStream file = new FileInputStream(words[3])) {
            store.load(file, text(words[4]).toCharArray());
        }
        for (String alias : Collections.list(store.aliases())) {
            String[] shown = {"cert", ""};
            Certificate[] chain = {};
            if (store.isKeyEntry(alias)) {
                Certificate[] found = store.getCertificateChain(alias);
                chain = found == null ? chain : found;
                shown = key(store, alias, text(words[5]).toCharArray());
            } else {
                shown[1] = hash(store.getCertificate(alias).getEncoded());
            }
            List<String> hashes = new ArrayList<>();
            for (Certificate certificate : chain) {
                hashes.add(hash(certificate.getEncoded()));
            }
            out.println(String.join("\t", words[3], hex(alias.getBytes(StandardCharsets.UTF_16BE)), shown[0],
                String.valueOf(store.getCreationDate(alias).getTime()), shown[1], String.join(",", hashes)));
        }
    }

    static String[] key(KeyStore store, String alias, char[] password) throws Exception {
        Key key;
        try {
            key = store.getKey(alias, password);
        } catch (UnrecoverableKeyException | RuntimeException error) {
            // One wrong password in 256 ends in good padding, and what follows is no key.
            return new String[] {"sealed", ""};
        }
        if (key == null) {
            return new String[] {"unreachable", ""};
        }
        String kind = key instanceof PrivateKey ? "private" : key instanceof PublicKey ? "public" : "secret";
        return new String[] {kind, hash(material(key.getEncoded()))};
    }

    /** What is the same in every encoding: the scalar of an EC key, the seed of an Ed25519 key. */
    static byte[] material(byte[] encoded) {
        String hex = hex(encoded);
        for (String before : new String[] {"0201010420", "0201010430", "04220420"}) {
            int at = hex.indexOf(before);
            if (at >= 0 && at % 2 == 0 && at < 120) {
                int start = (at + before.length()) / 2;
                return Arrays.copyOfRange(encoded, start, start + encoded[start - 1]);
            }
        }
        return encoded;
    }

    static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static String hash(byte[] bytes) throws Exception {
        return hex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
