using System.Text;
using System.Text.Json;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>A workflow's <c>key</c>: works out whose turn an event's run is.</summary>
/// <param name="Config">Its expressions.</param>
/// <param name="Parks">Whether a failed run holds up the runs of its key.</param>
/// <param name="StateTtl">How long a state is kept after its last change; null for ever.</param>
internal sealed record WorkflowKey(ConfigTemplate Config, bool Parks, TimeSpan? StateTtl)
{
    public const string UnitId = "key";

    /// <summary>Most bytes of a key.</summary>
    public const int MaximumBytes = 512;

    /// <summary>What <see cref="OfAsync"/> gives, when nothing has to be waited for; null when the sandbox has to say.</summary>
    /// <exception cref="StepException">It is no key.</exception>
    public string? Of(Event accepted)
    {
        if (Config.Constant is { } constant) return Text(((KeyConfig)constant).Key);
        return Config.Paths is { } paths && paths.TryRead(accepted, accepted.Data, Json.Parse("{}"), out var read) ? Text(((KeyConfig)Config.Fill(read)).Key) : null;
    }

    /// <summary>The key of an event's run: a text, or a number or truth value as a text. The sandbox is asked only for what is more than a constant or a place in the event.</summary>
    /// <exception cref="StepException">The expression failed, or gave what is no key.</exception>
    /// <exception cref="SandboxUnavailableException">It cannot be worked out now.</exception>
    public async ValueTask<string> OfAsync(Event accepted, SandboxProgram program, SandboxPool sandbox)
    {
        if (Of(accepted) is { } known) return known;
        var result = await sandbox.CallAsync(program, UnitId, new SandboxScope { Event = accepted.ToScope(), Input = accepted.Data }, CancellationToken.None);
        return result.Error is { } error ? throw Failed(error.Message) : Text(((KeyConfig)Config.Fill(result.Value)).Key);
    }

    private static string Text(Json value)
    {
        using var document = value.ToDocument();
        var key = document.RootElement.ValueKind switch
        {
            JsonValueKind.String => document.RootElement.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => document.RootElement.GetRawText(),
            _ => throw Failed("It gave no text and no number; events without a key belong into a workflow of their own, or use a default: ${event.params.device ?? 'none'}."),
        };
        if (key.Length == 0) throw Failed("It gave an empty text.");
        return Encoding.UTF8.GetByteCount(key) <= MaximumBytes ? key : throw Failed($"It gave more than {MaximumBytes} bytes.");
    }

    private static StepException Failed(string why) => new(new StepError(StepError.KeyFailed, $"The workflow's key could not be worked out. {why}", Pointer: "/key", Retryable: false));
}
