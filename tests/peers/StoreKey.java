import java.io.InputStream;
import java.nio.file.*;
import java.security.*;
import java.util.*;

/**
 * Prints the entries of a store, a line each: alias, `key` with the private key in base64 or
 * `trusted`, and how many certificates belong to it.
 *
 * StoreKey TYPE STORE PASSWORD
 */
public class StoreKey {
    public static void main(String[] args) throws Exception {
        char[] password = args[2].toCharArray();
        Provider provider = new org.bouncycastle.jce.provider.BouncyCastleProvider();
        KeyStore store = KeyStore.getInstance(args[0], provider);
        try (InputStream in = Files.newInputStream(Path.of(args[1]))) {
            store.load(in, password);
        }
        for (String alias : new TreeSet<>(Collections.list(store.aliases()))) {
            if (store.isKeyEntry(alias)) {
                byte[] key = store.getKey(alias, password).getEncoded();
                int chain = store.getCertificateChain(alias).length;
                System.out.println(alias + " key " + Base64.getEncoder().encodeToString(key) + " " + chain);
            } else {
                System.out.println(alias + " trusted 1");
            }
        }
    }
}
