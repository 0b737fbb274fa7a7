using System.CommandLine;
using System.Net.Http.Headers;
using Automation.Server.Deliveries;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Cli;

/// <summary><c>send</c>: sends an event as a provider does, signed, to try out a webhook trigger without the provider.</summary>
internal static class SendCommand
{
    private const int MostOfAnswer = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var scheme = new SchemeOptions("--provider", "Whose event to send");
        var to = new Option<string>("--to") { Description = "Where to send it, as http://localhost:8080/hooks/orders.", HelpName = "URL", Required = true };
        var publicUrl = new Option<string?>("--public-url") { Description = "The address to sign where the sender signs it, if the receiver is behind a proxy.", HelpName = "URL" };
        var body = new Option<string?>("--body-file") { Description = "A file with another body than the provider's sample; - for standard input.", HelpName = "FILE" };
        var command = new Command("send", "Send a correctly signed sample event of a provider. Prints the answer and ends with 0 when it is a 2xx, else 1. Discord's secret is the private key here.");
        scheme.AddTo(command);
        foreach (var option in new Option[] { to, publicUrl, body }) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                var (chosen, config, secrets) = scheme.Read(parsed);
                if (secrets.Count > 1) throw new CommandException("Name one secret: a message is signed with one.");
                var target = parsed.GetRequiredValue(to);
                return await SendAsync(chosen, config, secrets.Count > 0 ? secrets[0].Value : "", target, parsed.GetValue(publicUrl) ?? target, parsed.GetValue(body), Console.Out, cancellation);
            }
            catch (Exception mistake) when (mistake is CommandException or FormatException or OutboundException)
            {
                await Console.Error.WriteLineAsync(mistake.Message);
                return 2;
            }
            catch (Exception failed) when (failed is HttpRequestException or IOException)
            {
                await Console.Error.WriteLineAsync((failed.InnerException as OutboundException ?? failed).Message);
                return 1;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync($"No answer within {Patience.TotalSeconds:0} seconds.");
                return 1;
            }
        });
        return command;
    }

    /// <summary>The request that a provider would send.</summary>
    /// <exception cref="FormatException">The secret cannot sign.</exception>
    /// <exception cref="OutboundException">The address is none.</exception>
    public static HttpRequestMessage Create(VerificationScheme scheme, VerifyConfig config, string secret, string to, string signedUrl, byte[]? body, DateTimeOffset now, Guid id)
    {
        var sample = SampleEvent.Of(scheme.Name, secret, now, id);
        var bytes = body ?? sample.Body;
        var request = new HttpRequestMessage(HttpMethod.Post, OutboundRequest.Address(to)) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(sample.ContentType);
        var signature = scheme.Sign(new SigningInput("POST", signedUrl, bytes, sample.ContentType, secret, config, now, "msg_" + id.ToString("N")));
        foreach (var (name, value) in sample.Headers.Concat(signature))
        {
            if (!name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)) OutboundRequest.AddHeader(request, name, value);
        }

        return request;
    }

    private static async Task<int> SendAsync(VerificationScheme scheme, VerifyConfig config, string secret, string to, string signedUrl, string? bodyFile, TextWriter output, CancellationToken cancellation)
    {
        using var request = Create(scheme, config, secret, to, signedUrl, bodyFile is null ? null : CommandFiles.ReadBytes(bodyFile), TimeProvider.System.GetUtcNow(), Guid.NewGuid());
        using var http = new OutboundHttp(new OutboundOptions { AllowPrivate = "all" }, TimeProvider.System); // whoever types this may call what they like
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        using var answer = await http.SendAsync(request, patience.Token);
        var text = await answer.Content.ReadAsStringAsync(patience.Token);
        await output.WriteLineAsync($"{(int)answer.StatusCode} {answer.ReasonPhrase}");
        if (text.Length > 0) await output.WriteLineAsync(text.Length > MostOfAnswer ? text[..MostOfAnswer] + " …" : text);
        if ((int)answer.StatusCode == 401) await output.WriteLineAsync("The server did not accept the signature. Its log and its list of requests say why; the secrets have to be the same on both sides.");
        return answer.IsSuccessStatusCode ? 0 : 1;
    }
}
