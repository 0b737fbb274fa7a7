using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>Senders that put an HMAC-SHA256 of the raw body into one header. Keys are the secrets' UTF-8 bytes.</summary>
internal abstract class BodyHmacScheme : VerificationScheme
{
    protected abstract string Header { get; }

    protected abstract MacEncoding Encoding { get; }

    protected virtual string Prefix => "";

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) => [(Header, Prefix + MacText.Encode(input.Hmac(HashAlgorithmName.SHA256, input.Body), Encoding))];

    protected override VerificationResult Verify(VerificationInput input) => Verify(input, Header, null, Encoding, Prefix, input.Request.Body);

    /// <param name="input">Whose request and secrets.</param>
    /// <param name="header">What holds the code alone, after <paramref name="prefix"/>.</param>
    /// <param name="algorithm">Null for SHA-256.</param>
    /// <param name="encoding">Of the code.</param>
    /// <param name="prefix">"" for none.</param>
    /// <param name="signed">What the code is over, one part after the other.</param>
    internal static VerificationResult Verify(VerificationInput input, string header, HmacAlgorithm? algorithm, MacEncoding encoding, string prefix, params ReadOnlyMemory<byte>[] signed)
    {
        if (!SignatureHeader.TryRead(input.Request, header, out var value, out var rejected)) return rejected;
        if (!value.StartsWith(prefix, StringComparison.Ordinal)) return VerificationResult.Rejected($"header {header} does not start with \"{prefix}\"");
        var (hash, size) = algorithm.Hash();
        var given = MacText.Decode(value.AsSpan(prefix.Length), encoding, size, "header " + header, out rejected);
        return given is null ? rejected : MacCheck.Hmac(input, hash, [given], signed);
    }
}
