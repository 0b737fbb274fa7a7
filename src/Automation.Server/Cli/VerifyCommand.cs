using System.CommandLine;
using System.Globalization;
using Automation.Server.Deliveries;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Cli;

/// <summary><c>verify</c>: checks a captured webhook request with the server's own code, and says why it would be refused.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var scheme = new SchemeOptions("--scheme", "How the sender signs");
        var headers = new Option<string[]>("--header") { Description = "A header of the request, as --header 'X-Hub-Signature-256: sha256=…'; once for each.", HelpName = "NAME: VALUE" };
        var body = new Option<string?>("--body-file") { Description = "A file with the body's raw bytes; - for standard input. Without it the body is empty.", HelpName = "FILE" };
        var url = new Option<string>("--url") { Description = "The address the sender called, for schemes that sign it.", HelpName = "URL", DefaultValueFactory = _ => "https://localhost/" };
        var method = new Option<string>("--method") { Description = "The request's method.", HelpName = "NAME", DefaultValueFactory = _ => "POST" };
        var now = new Option<string?>("--now") { Description = "The time to compare the signature's with, in seconds since 1970; this moment by default.", HelpName = "UNIX" };
        var command = new Command("verify", "Check the signature of a webhook request. Prints \"valid\" or \"invalid: reason\" and ends with 0 or 1; 2 for a mistake in the options.");
        scheme.AddTo(command);
        foreach (var option in new Option[] { headers, body, url, method, now }) command.Add(option);
        command.SetAction((parsed, cancellation) => RunAsync(Console.Out, Console.Error, async () =>
        {
            var (chosen, config, secrets) = scheme.Read(parsed);
            var address = parsed.GetRequiredValue(url);
            if (!Uri.TryCreate(address, UriKind.Absolute, out var called) || called.Scheme is not ("http" or "https")) throw new CommandException($"--url: \"{address}\" is no address, as https://example.com/hooks/orders.");
            var request = new WebhookRequest(parsed.GetRequiredValue(method), address, Headers(parsed.GetValue(headers) ?? []), parsed.GetValue(body) is { } file ? CommandFiles.ReadBytes(file) : default);
            using var http = new OutboundHttp(new OutboundOptions { AllowPrivate = "all" }, TimeProvider.System); // whoever types this may call what they like
            return (chosen, new VerificationInput(request, config, secrets, Now(parsed.GetValue(now)), new KeySets(http, TimeProvider.System).GetAsync));
        }));
        return command;
    }

    /// <returns>0 when valid, 1 when not, 2 for a mistake in the options.</returns>
    public static async Task<int> RunAsync(TextWriter output, TextWriter errors, Func<Task<(VerificationScheme Scheme, VerificationInput Input)>> read)
    {
        try
        {
            var (scheme, input) = await read();
            var result = await scheme.VerifyAsync(input);
            if (result.IsVerified)
            {
                await output.WriteLineAsync("valid");
                return 0;
            }

            var hint = await VerificationDiagnosis.FindAsync(scheme, input);
            await output.WriteLineAsync($"invalid: {result.Reason}{(hint is null ? "" : $" ({hint})")}");
            return 1;
        }
        catch (CommandException mistake)
        {
            await errors.WriteLineAsync(mistake.Message);
            return 2;
        }
    }

    private static HeaderDictionary Headers(string[] lines)
    {
        var headers = new HeaderDictionary();
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0) throw new CommandException($"\"{line}\" is not a header; write 'Name: value'.");
            headers.Append(line[..colon].Trim(), line[(colon + 1)..].Trim());
        }

        return headers;
    }

    private static DateTimeOffset Now(string? text)
    {
        if (text is null) return TimeProvider.System.GetUtcNow();
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new CommandException($"\"{text}\" is not a number of seconds since 1970.");
    }
}
