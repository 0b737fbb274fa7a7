namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Options that only the scheme <c>hmac</c> takes, found under a scheme that fixes them.</summary>
internal static class OptionCheck
{
    public static IEnumerable<(string Pointer, string Message)> Unused(VerifyConfig config, string scheme, bool allowTolerance)
    {
        (string Name, bool Given)[] options =
        [
            ("header", config.Header is not null),
            ("algorithm", config.Algorithm is not null),
            ("encoding", config.Encoding is not null),
            ("prefix", config.Prefix is not null),
            ("toleranceSeconds", config.ToleranceSeconds is not null && !allowTolerance),
        ];
        return options.Where(option => option.Given).Select(option => ("/" + option.Name, $"The scheme {scheme} has no option \"{option.Name}\"; remove it."));
    }
}
