using System.Security.Cryptography;
using System.Text;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>Asks a receiver, before it is registered, whether it wants events: it has to echo a challenge.</summary>
/// <remarks>POST <c>{ "type": "automation.endpoint.challenge", "challenge": text }</c>; the answer is 2xx with the text as its body, or as <c>challenge</c> of a JSON object. Goes through the address filter.</remarks>
internal sealed class Handshake(OutboundHttp http, SecretStore secrets, TimeProvider time)
{
    private const int LargestAnswer = 16 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Null when the receiver agreed; else why not, in a sentence.</summary>
    public async Task<string?> AskAsync(EndpointConfig config, CancellationToken cancellation)
    {
        var challenge = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var filling = new SecretFilling(secrets);
        using var timer = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            var body = Json.From(new { type = "automation.endpoint.challenge", challenge });
            using var request = OutboundRequest.Create("POST", OutboundRequest.Address(filling.Text(config.Url)), body.Utf8, OutboundBody.Json);
            foreach (var (name, value) in config.Headers ?? new Dictionary<string, string>()) OutboundRequest.AddAuthorHeader(request, name, filling.Text(value));
            OutboundRequest.AddHeader(request, "User-Agent", OutboundHttp.UserAgent);
            using var response = await http.SendAsync(request, either.Token);
            if (!response.IsSuccessStatusCode) return $"The receiver answered {(int)response.StatusCode} to the challenge.";
            var answer = Encoding.UTF8.GetString(await OutboundAnswer.ReadAsync(response, LargestAnswer, either.Token)).Trim();
            return Echo(answer) == challenge ? null : "The receiver did not echo the challenge: it has to answer with its text, or with { \"challenge\": text }.";
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested && OutboundErrors.Sort(error, timer.IsCancellationRequested ? Patience : null) is { } failure)
        {
            return filling.Redactor?.Mask(failure.Message) ?? failure.Message;
        }
    }

    private static string? Echo(string answer)
    {
        if (!answer.StartsWith('{')) return answer;
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(answer);
            return document.RootElement.TryGetProperty("challenge", out var text) && text.ValueKind is System.Text.Json.JsonValueKind.String ? text.GetString() : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
