using System.Text;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>Authorization: Basic base64(user:password)</c> — RFC 7617. The trigger names the user, the secret holds the password. Use https.</summary>
internal sealed class BasicScheme : VerificationScheme
{
    private const string Prefix = "Basic ";

    public override string Name => "basic";

    public override string SecretsAre => "the password";

    public override VerifyOptions Takes => VerifyOptions.User;

    public override VerifyOptions Needs => VerifyOptions.User;

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) =>
        [("Authorization", Prefix + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{input.Config.User}:{input.Secret}")))];

    protected override VerificationResult Verify(VerificationInput input)
    {
        if (!SignatureHeader.TryRead(input.Request, "Authorization", out var value, out var rejected)) return rejected;
        if (!value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) return VerificationResult.Rejected("header Authorization does not start with \"Basic \"");
        var bytes = new byte[value.Length];
        if (!Convert.TryFromBase64String(value[Prefix.Length..].Trim(), bytes, out var length)) return VerificationResult.Rejected("what follows \"Basic \" in header Authorization is not base64");
        var sent = Encoding.UTF8.GetString(bytes.AsSpan(0, length));
        var colon = sent.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return VerificationResult.Rejected("header Authorization has no \":\" between user and password");
        var result = MacCheck.Equal(input, sent.AsSpan(colon + 1), "the password"); // in any case, so that the time does not tell a user's name
        return sent.AsSpan(0, colon).SequenceEqual(input.Config.User) ? result : VerificationResult.Rejected("the user is another one than the trigger's \"user\"");
    }
}
