using System.Buffers;

namespace Automation.Server.Sandbox;

/// <summary>One frame that wants one answer. It keeps what it was made of, so that it can be sent again to another process.</summary>
internal abstract class SandboxRequest(SandboxProgram program)
{
    private CancellationTokenRegistration cancellation;

    public SandboxProgram Program { get; } = program;

    /// <summary>Processes that died, for no known reason, while this was the first without an answer.</summary>
    public int Deaths { get; set; }

    /// <summary>For the log: what was running.</summary>
    public abstract string Unit { get; }

    /// <summary>Whether someone was told already, such as a caller that gave up.</summary>
    public abstract bool IsCompleted { get; }

    /// <summary>Writes the frame, and before it what the process does not know yet.</summary>
    public abstract void Write(IBufferWriter<byte> to, LoadedPrograms loaded);

    /// <summary>Reads the answer; throws if it is malformed. Continuations run elsewhere.</summary>
    public abstract void Answer(byte kind, ReadOnlySequence<byte> body);

    public abstract void Blame(SandboxErrorKind kind, string message);

    public abstract void Abandon(Exception exception);

    protected abstract void Cancel(CancellationToken ct);

    public void CancelOn(CancellationToken ct)
    {
        if (ct.CanBeCanceled) cancellation = ct.UnsafeRegister(static (request, token) => ((SandboxRequest)request!).Cancel(token), this);
    }

    protected void Completed() => cancellation.Dispose();
}

/// <summary>Calls one unit.</summary>
internal sealed class CallRequest(SandboxProgram program, int unit, SandboxScope scope) : SandboxRequest(program)
{
    private readonly TaskCompletionSource<SandboxResult> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<SandboxResult> Task => result.Task;

    public override string Unit => Program.Units[unit].Id;

    public override bool IsCompleted => result.Task.IsCompleted;

    public override void Write(IBufferWriter<byte> to, LoadedPrograms loaded) => SandboxFrames.WriteCall(to, loaded.Use(Program, to), unit, scope);

    public override void Answer(byte kind, ReadOnlySequence<byte> body)
    {
        if (kind is not (SandboxFrames.Value or SandboxFrames.Failed)) throw new InvalidDataException($"Answer of kind {kind} to a call.");
        if (IsCompleted) return;
        result.TrySetResult(SandboxFrames.ReadResult(kind, body, Program.Units[unit]));
        Completed();
    }

    public override void Blame(SandboxErrorKind kind, string message)
    {
        var script = Program.Units[unit] switch { FunctionUnit f => f.ScriptName, ModuleUnit m => m.ScriptName, SchemaUnit s => s.ScriptName, _ => null };
        result.TrySetResult(new SandboxResult(Values.Json.Null, [], new SandboxError(kind, message, Unit, script)));
        Completed();
    }

    public override void Abandon(Exception exception)
    {
        result.TrySetException(exception);
        Completed();
    }

    protected override void Cancel(CancellationToken ct) => result.TrySetCanceled(ct);
}

/// <summary>Compiles a whole program and runs nothing.</summary>
internal sealed class CheckRequest(SandboxProgram program) : SandboxRequest(program)
{
    private readonly TaskCompletionSource<IReadOnlyList<SandboxError>> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<IReadOnlyList<SandboxError>> Task => result.Task;

    public override string Unit => "check";

    public override bool IsCompleted => result.Task.IsCompleted;

    public override void Write(IBufferWriter<byte> to, LoadedPrograms loaded) => SandboxFrames.WriteCheck(to, Program);

    public override void Answer(byte kind, ReadOnlySequence<byte> body)
    {
        if (kind != SandboxFrames.Checked) throw new InvalidDataException($"Answer of kind {kind} to a check.");
        result.TrySetResult(SandboxFrames.ReadChecked(body));
        Completed();
    }

    public override void Blame(SandboxErrorKind kind, string message)
    {
        result.TrySetResult([new SandboxError(kind, message)]);
        Completed();
    }

    public override void Abandon(Exception exception)
    {
        result.TrySetException(exception);
        Completed();
    }

    protected override void Cancel(CancellationToken ct) => result.TrySetCanceled(ct);
}
