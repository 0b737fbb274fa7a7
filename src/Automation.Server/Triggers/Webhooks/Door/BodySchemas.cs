using Automation.Server.Sandbox;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Door;

/// <summary>Checks what came by the schemas of triggers, before anything is stored.</summary>
/// <param name="sandbox">Where schemas are checked: a pattern in one may take for ever.</param>
internal sealed class BodySchemas(Lazy<SandboxPool> sandbox)
{
    /// <summary>Null when the data fits, or the trigger has no schema.</summary>
    public async ValueTask<Refusal?> CheckAsync(WebhookRoute route, string? contentType, ReadOnlyMemory<byte> body, CancellationToken cancelled)
    {
        if (route.SchemaUnit is not { } unit) return null;
        try
        {
            var result = await sandbox.Value.CallAsync(route.Target.Version.Program, unit, new SandboxScope { Input = EventData.Parse(contentType, body) }, cancelled);
            if (result.Error is not null) return Refusal.RetryLater("The body could not be checked by this hook's schema; nothing was stored. Send it again.");
            return SchemaErrors.IsNone(result.Value) ? null : new Refusal(StatusCodes.Status400BadRequest, $"The body does not fit this hook's schema: {SchemaErrors.First(result.Value)}", Errors: result.Value);
        }
        catch (SandboxUnavailableException)
        {
            return Refusal.RetryLater("The body cannot be checked at the moment; nothing was stored. Send it again.");
        }
    }
}
