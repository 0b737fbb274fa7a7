using System.Runtime.InteropServices;

namespace Automation.Server.Cryptography;

/// <summary>Ed25519 (RFC 8032) by the system's OpenSSL, 1.1.1 or newer: the platform's own library has none (ADR 27). Any thread.</summary>
internal static unsafe class Ed25519
{
    public const int PublicKeySize = 32, SeedSize = 32, SignatureSize = 64;

    private const int KeyType = 1087; // NID_ED25519 of obj_mac.h

    private static readonly Lazy<Functions?> Library = new(Functions.Load);

    /// <summary>Whether this machine has the library.</summary>
    public static bool IsAvailable => Library.Value is not null;

    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL.</exception>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        var openssl = Open();
        if (publicKey.Length != PublicKeySize || signature.Length != SignatureSize) return false;
        fixed (byte* key = publicKey, text = message, code = signature)
        {
            var handle = openssl.NewPublicKey(KeyType, 0, key, PublicKeySize);
            if (handle == 0) return false;
            var context = openssl.NewContext();
            try
            {
                return openssl.VerifyInit(context, null, 0, 0, handle) == 1 && openssl.Verify(context, code, SignatureSize, text, (nuint)message.Length) == 1;
            }
            finally
            {
                openssl.Free(context, handle);
            }
        }
    }

    /// <param name="seed">The private key, 32 bytes.</param>
    /// <param name="message">What to sign.</param>
    /// <returns>64 bytes.</returns>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL.</exception>
    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        var openssl = Open();
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, SeedSize, nameof(seed));
        var signature = new byte[SignatureSize];
        var length = (nuint)SignatureSize;
        fixed (byte* key = seed, text = message, code = signature)
        {
            var handle = openssl.NewPrivateKey(KeyType, 0, key, SeedSize);
            var context = openssl.NewContext();
            try
            {
                if (handle != 0 && openssl.SignInit(context, null, 0, 0, handle) == 1 && openssl.Sign(context, code, &length, text, (nuint)message.Length) == 1) return signature;
            }
            finally
            {
                openssl.Free(context, handle);
            }
        }

        throw new PlatformNotSupportedException("OpenSSL refuses to sign with Ed25519.");
    }

    /// <param name="seed">The private key, 32 bytes.</param>
    /// <returns>32 bytes.</returns>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL.</exception>
    public static byte[] PublicKey(ReadOnlySpan<byte> seed)
    {
        var openssl = Open();
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, SeedSize, nameof(seed));
        var publicKey = new byte[PublicKeySize];
        var length = (nuint)PublicKeySize;
        fixed (byte* key = seed, code = publicKey)
        {
            var handle = openssl.NewPrivateKey(KeyType, 0, key, SeedSize);
            try
            {
                if (handle != 0 && openssl.RawPublicKey(handle, code, &length) == 1) return publicKey;
            }
            finally
            {
                openssl.Free(0, handle);
            }
        }

        throw new PlatformNotSupportedException("OpenSSL gives no public key of Ed25519.");
    }

    private static Functions Open() => Library.Value ?? throw new PlatformNotSupportedException(
        "Ed25519 needs OpenSSL 1.1.1 or newer (libcrypto), which this machine does not have. Install it (Debian: libssl3, macOS: brew install openssl), or use another signature scheme.");

    private sealed class Functions(nint library)
    {
        // The one that .NET itself loads on Linux comes first.
        private static readonly string[] Names =
        [
            "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so", "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib", "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib",
            "libcrypto-3-x64.dll", "libcrypto-3-arm64.dll", "libcrypto-3.dll",
        ];

        private readonly delegate* unmanaged<nint, void> freeContext = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "EVP_MD_CTX_free");
        private readonly delegate* unmanaged<nint, void> freeKey = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "EVP_PKEY_free");

        public delegate* unmanaged<int, nint, byte*, nuint, nint> NewPublicKey { get; } =
            (delegate* unmanaged<int, nint, byte*, nuint, nint>)NativeLibrary.GetExport(library, "EVP_PKEY_new_raw_public_key");

        public delegate* unmanaged<int, nint, byte*, nuint, nint> NewPrivateKey { get; } =
            (delegate* unmanaged<int, nint, byte*, nuint, nint>)NativeLibrary.GetExport(library, "EVP_PKEY_new_raw_private_key");

        public delegate* unmanaged<nint, byte*, nuint*, int> RawPublicKey { get; } =
            (delegate* unmanaged<nint, byte*, nuint*, int>)NativeLibrary.GetExport(library, "EVP_PKEY_get_raw_public_key");

        public delegate* unmanaged<nint> NewContext { get; } = (delegate* unmanaged<nint>)NativeLibrary.GetExport(library, "EVP_MD_CTX_new");

        public delegate* unmanaged<nint, nint*, nint, nint, nint, int> VerifyInit { get; } =
            (delegate* unmanaged<nint, nint*, nint, nint, nint, int>)NativeLibrary.GetExport(library, "EVP_DigestVerifyInit");

        public delegate* unmanaged<nint, byte*, nuint, byte*, nuint, int> Verify { get; } =
            (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, int>)NativeLibrary.GetExport(library, "EVP_DigestVerify");

        public delegate* unmanaged<nint, nint*, nint, nint, nint, int> SignInit { get; } =
            (delegate* unmanaged<nint, nint*, nint, nint, nint, int>)NativeLibrary.GetExport(library, "EVP_DigestSignInit");

        public delegate* unmanaged<nint, byte*, nuint*, byte*, nuint, int> Sign { get; } =
            (delegate* unmanaged<nint, byte*, nuint*, byte*, nuint, int>)NativeLibrary.GetExport(library, "EVP_DigestSign");

        public static Functions? Load()
        {
            foreach (var name in Names)
            {
                if (!NativeLibrary.TryLoad(name, out var library)) continue;
                if (NativeLibrary.TryGetExport(library, "EVP_DigestSign", out _)) return new Functions(library); // not in 1.1.0 and older
                NativeLibrary.Free(library);
            }

            return null;
        }

        public void Free(nint context, nint key)
        {
            if (context != 0) freeContext(context);
            if (key != 0) freeKey(key);
        }
    }
}
