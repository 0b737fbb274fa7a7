using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Sandbox;

/// <summary>The wire form of <c>Automation.Sandbox/framing.ts</c>: u32 length, u8 kind, body; little endian.</summary>
internal static class SandboxFrames
{
    public const byte Ready = 0, Value = 1, Failed = 2, Checked = 3;

    private const byte Load = 1, Unload = 2, Call = 3, Check = 4;

    public static void WriteLoad(IBufferWriter<byte> to, uint program, SandboxProgram content)
    {
        var json = Units(content);
        WriteHead(to, Load, 4 + json.Length);
        WriteNumber(to, program);
        to.Write(json);
    }

    public static void WriteUnload(IBufferWriter<byte> to, uint program)
    {
        WriteHead(to, Unload, 4);
        WriteNumber(to, program);
    }

    public static void WriteCheck(IBufferWriter<byte> to, SandboxProgram content)
    {
        var json = Units(content);
        WriteHead(to, Check, json.Length);
        to.Write(json);
    }

    public static void WriteCall(IBufferWriter<byte> to, uint program, int unit, in SandboxScope scope)
    {
        ReadOnlySpan<Json?> values = [scope.Event, scope.Input, scope.Steps, scope.Vars, scope.Run, scope.Env, scope.Item, scope.Index, scope.State];
        var length = 10;
        ushort mask = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is not { } value) continue;
            mask |= (ushort)(1 << i);
            length += 4 + value.Utf8.Length;
        }

        WriteHead(to, Call, length);
        WriteNumber(to, program);
        WriteNumber(to, (uint)unit);
        BinaryPrimitives.WriteUInt16LittleEndian(to.GetSpan(2), mask);
        to.Advance(2);
        foreach (var given in values)
        {
            if (given is not { } value) continue;
            WriteNumber(to, (uint)value.Utf8.Length);
            to.Write(value.Utf8.Span);
        }
    }

    /// <summary>Takes one whole frame off the front; false, and nothing taken, when it is not all there.</summary>
    public static bool TryRead(ref ReadOnlySequence<byte> from, out byte kind, out ReadOnlySequence<byte> body)
    {
        kind = 0;
        body = default;
        Span<byte> head = stackalloc byte[5];
        if (from.Length < 5) return false;
        from.Slice(0, 5).CopyTo(head);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (from.Length < 4 + (long)length) return false;
        kind = head[4];
        body = from.Slice(5, length - 1);
        from = from.Slice(4 + (long)length);
        return true;
    }

    /// <summary>The answer to a call; copies what it keeps.</summary>
    public static SandboxResult ReadResult(byte kind, ReadOnlySequence<byte> body, SandboxUnit unit)
    {
        Span<byte> length = stackalloc byte[4];
        body.Slice(0, 4).CopyTo(length);
        var logBytes = BinaryPrimitives.ReadUInt32LittleEndian(length);
        var log = logBytes == 0 ? [] : ReadLog(body.Slice(4, logBytes).ToArray());
        var rest = body.Slice(4 + (long)logBytes).ToArray();
        if (kind == Value)
        {
            var stateBytes = BinaryPrimitives.ReadInt32LittleEndian(rest);
            return new SandboxResult(new Json(rest.AsMemory(4 + stateBytes)), log, null) { State = stateBytes == 0 ? null : new Json(rest.AsMemory(4, stateBytes)) };
        }

        return new SandboxResult(Json.Null, log, ErrorOf(Told<Trouble>(rest), unit.Id));
    }

    public static IReadOnlyList<SandboxError> ReadChecked(ReadOnlySequence<byte> body) =>
        [.. Told<Trouble[]>(body.ToArray()).Select(trouble => ErrorOf(trouble, trouble.Unit))];

    private static SandboxLogLine[] ReadLog(byte[] json) => [.. Told<string[][]>(json).Select(line => new SandboxLogLine(line[0], line[1]))];

    /// <summary>What the program says, with texts that scripts made: none of them may be a reason to take the answer for malformed.</summary>
    private static T Told<T>(byte[] json)
    {
        Json.ReplaceHalfCharacters(json);
        return new Json(json).To<T>()!;
    }

    private static SandboxError ErrorOf(Trouble t, string? unit) => new(t.Kind, t.Message, unit, t.Script, t.Line, t.Column, t.Pointer, t.Stack);

    private static void WriteHead(IBufferWriter<byte> to, byte kind, int length)
    {
        WriteNumber(to, (uint)length + 1);
        to.GetSpan(1)[0] = kind;
        to.Advance(1);
    }

    private static void WriteNumber(IBufferWriter<byte> to, uint number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to.GetSpan(4), number);
        to.Advance(4);
    }

    private static byte[] Units(SandboxProgram program) => JsonSerializer.SerializeToUtf8Bytes(new { units = program.Units.Select(ToWire) }, JsonFormat.Wire);

    private static WireUnit ToWire(SandboxUnit unit) => unit switch
    {
        ExpressionUnit e => new WireUnit("expressions", e.Id, Expressions: [.. e.Expressions]),
        FunctionUnit f => new WireUnit("function", f.Id, f.ScriptName, f.Code),
        ModuleUnit m => new WireUnit("module", m.Id, m.ScriptName, m.Source),
        SchemaUnit s => new WireUnit("schema", s.Id, s.ScriptName, s.Schema),
        _ => throw new ArgumentException($"{unit.GetType().Name} is not a unit the sandbox knows.", nameof(unit)),
    };

    private sealed record WireUnit(string Kind, string Id, string? Name = null, string? Code = null, SandboxExpression[]? Expressions = null);

    private sealed record Trouble(
        string Message,
        SandboxErrorKind Kind = SandboxErrorKind.Script,
        string? Unit = null,
        string? Script = null,
        int? Line = null,
        int? Column = null,
        string? Pointer = null,
        string? Stack = null);
}
