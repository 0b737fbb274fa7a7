using System.Text.Json;
using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// Microsoft Graph signs nothing: each notification of the body, <c>value[].clientState</c>, has to be the secret that the subscription was made with. Rich notifications carry tokens
/// too, <c>validationTokens[]</c>, which are checked when the trigger names its <c>audience</c>, the app's id — learn.microsoft.com, change notifications.
/// </summary>
internal sealed class MicrosoftGraphScheme : VerificationScheme
{
    private const int MostNotifications = 1000, MostTokens = 20;
    private const string Keys = "https://login.microsoftonline.com/common/discovery/v2.0/keys";

    public override string Name => "microsoft-graph";

    public override string SecretsAre => "the subscription's clientState";

    public override VerifyOptions Takes => VerifyOptions.Audience | VerifyOptions.JwksUrl | VerifyOptions.ToleranceSeconds;

    public override bool SecretIsInBody => true;

    public override IHandshake Handshake { get; } = new MicrosoftGraphHandshake();

    public override async ValueTask<VerificationResult> VerifyAsync(VerificationInput input)
    {
        JsonDocument body;
        try
        {
            body = JsonDocument.Parse(input.Request.Body);
        }
        catch (JsonException)
        {
            return VerificationResult.Rejected("the body is not JSON");
        }

        try
        {
            return await VerifyAsync(input, body);
        }
        catch (InvalidOperationException)
        {
            return VerificationResult.Rejected("a text of the body is not Unicode: it has half a surrogate pair");
        }
        finally
        {
            body.Dispose();
        }
    }

    private static async ValueTask<VerificationResult> VerifyAsync(VerificationInput input, JsonDocument body)
    {
        if (!IsArray(body.RootElement, "value", out var notifications) || notifications.GetArrayLength() is 0 or > MostNotifications)
            return VerificationResult.Rejected($"the body has no \"value\" with 1 to {MostNotifications} notifications");
        var result = VerificationResult.Verified(null);
        foreach (var notification in notifications.EnumerateArray())
        {
            if (notification.ValueKind is not JsonValueKind.Object || !notification.TryGetProperty("clientState", out var state) || state.ValueKind is not JsonValueKind.String)
                return VerificationResult.Rejected("a notification has no clientState: make the subscription with one");
            result = MacCheck.Equal(input, state.GetString(), "clientState");
            if (!result.IsVerified) return result;
        }

        if (input.Config.Audience is null || !IsArray(body.RootElement, "validationTokens", out var tokens)) return result;
        if (tokens.GetArrayLength() > MostTokens) return VerificationResult.Rejected($"the body has more than {MostTokens} validationTokens");
        foreach (var token in tokens.EnumerateArray())
        {
            if (token.ValueKind is not JsonValueKind.String) return VerificationResult.Rejected("validationTokens holds what is no token");
            var checkedToken = await JsonWebTokens.VerifyAsync(token.GetString()!, input, input.Config.JwksUrl ?? Keys, issuer: null);
            if (!checkedToken.IsVerified) return checkedToken;
        }

        return result;
    }

    private static bool IsArray(JsonElement body, string name, out JsonElement array)
    {
        array = default;
        return body.ValueKind is JsonValueKind.Object && body.TryGetProperty(name, out array) && array.ValueKind is JsonValueKind.Array;
    }
}
