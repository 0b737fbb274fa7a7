namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>One message that a sender is about to sign.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Url">Absolute, as the receiver will see it.</param>
/// <param name="Body">The raw bytes.</param>
/// <param name="ContentType">Of the body.</param>
/// <param name="Secret">The signing secret; the private key for schemes with key pairs.</param>
/// <param name="Config">The receiver's <c>verify</c>: header, hash, version and the like.</param>
/// <param name="Now">The time of signing.</param>
/// <param name="Id">Of the message, the same in each attempt.</param>
internal sealed record SigningInput(string Method, string Url, ReadOnlyMemory<byte> Body, string? ContentType, string Secret, VerifyConfig Config, DateTimeOffset Now, string Id)
{
    public string Seconds => Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

    public string Milliseconds => Now.ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>HMAC over the parts, one after the other, under <see cref="Secret"/> as UTF-8.</summary>
    public byte[] Hmac(System.Security.Cryptography.HashAlgorithmName algorithm, params ReadOnlySpan<ReadOnlyMemory<byte>> parts) => MacCheck.ComputeHmac(MacCheck.Utf8(Secret), algorithm, parts);
}
