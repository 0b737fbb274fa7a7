using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Values;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Workflows.Configs;

/// <summary>A checked config: JSON text with gaps for values, and the record it becomes.</summary>
internal sealed class CompiledConfig : ConfigTemplate
{
    // A config this large is rare; its buffer is not kept.
    private const int KeptBuffer = 256 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? kept;

    private readonly ConfigShape shape;
    private readonly string pointer;
    private readonly ImmutableArray<TemplateSegment> segments;
    private readonly byte[] wireEnd;
    private readonly byte[] shownEnd;
    private readonly object? constant;

    /// <exception cref="JsonException">There are no expressions, and the config does not fit its record.</exception>
    public CompiledConfig(ConfigShape shape, string pointer, TemplateWriter written, ExpressionUnit? expressions, ScopeUse uses)
    {
        this.shape = shape;
        this.pointer = pointer;
        (segments, wireEnd, shownEnd) = written.Finish();
        Expressions = expressions;
        Uses = uses;
        Paths = expressions is null ? null : PlainPaths.Of(expressions.Expressions);
        if (expressions is null) constant = JsonSerializer.Deserialize(wireEnd, shape.Type, ConfigJson.Options);
    }

    public override ExpressionUnit? Expressions { get; }

    public override ScopeUse Uses { get; }

    public override PlainPaths? Paths { get; }

    public override object? Constant => constant;

    public override object Fill(Json values)
    {
        if (constant is not null) return constant;
        var buffer = Rent();
        Render(buffer, values, forHistory: false);
        object config;
        try
        {
            config = JsonSerializer.Deserialize(buffer.WrittenSpan, shape.Type, ConfigJson.Options)!;
        }
        catch (JsonException mismatch)
        {
            throw Invalid(Explain(buffer.WrittenMemory, mismatch));
        }

        Return(buffer);
        ConfigValidation.Check(config, shape, "", (at, message) => throw Invalid((at, message)));
        return config;
    }

    public override Json Resolve(Json values)
    {
        if (segments.IsEmpty) return new Json(shownEnd);
        var buffer = new ArrayBufferWriter<byte>(256);
        Render(buffer, values, forHistory: true);
        return new Json(buffer.WrittenMemory);
    }

    private void Render(ArrayBufferWriter<byte> buffer, Json values, bool forHistory)
    {
        var all = values.Utf8.Span;
        var reader = new Utf8JsonReader(all);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartArray) throw new ArgumentException("Expected one value an expression.", nameof(values));
        var boundary = false;
        foreach (var segment in segments)
        {
            if (boundary) ValueSplicer.Boundary(buffer, segment.Wire, pointer);
            buffer.Write(forHistory ? segment.Shown : segment.Wire);
            if (!reader.Read() || reader.TokenType is JsonTokenType.EndArray) throw new ArgumentException("Expected one value an expression.", nameof(values));
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var value = all[start..(int)reader.BytesConsumed];
            ValueSplicer.Write(buffer, value, forHistory ? Unescaped(segment.Splice) : segment.Splice);
            boundary = !forHistory && segment.Splice is Splice.InsideSecret;
        }

        if (boundary) ValueSplicer.Boundary(buffer, wireEnd, pointer);
        buffer.Write(forHistory ? shownEnd : wireEnd);
    }

    private static Splice Unescaped(Splice splice) => splice switch
    {
        Splice.WholeSecretText => Splice.WholeText,
        Splice.WholeSecretJson => Splice.Whole,
        Splice.InsideSecret => Splice.Inside,
        _ => splice,
    };

    private (string At, string Message) Explain(ReadOnlyMemory<byte> filled, JsonException mismatch)
    {
        var found = new List<(string, string)>();
        using var document = JsonDocument.Parse(filled);
        try
        {
            new ConfigWalk((at, message) => found.Add((at, message))).Check(document.RootElement, shape);
        }
        catch (InvalidOperationException)
        {
            // A text that cannot be shown; said below.
        }

        if (found.Count > 0) return found[0];
        return mismatch.InnerException is InvalidOperationException
            ? (PointerOf(mismatch), "The text holds half of a character, as of an emoji that was cut; mend it in the expression, as with toWellFormed().")
            : ("", mismatch.InnerException?.Message ?? "The values do not fit.");
    }

    /// <summary>The property the serializer was at, of a path as <c>$.note</c>; the deeper ones are not needed to find it.</summary>
    private static string PointerOf(JsonException mismatch) =>
        mismatch.Path is ['$', '.', .. var path] ? "/" + JsonPointer.Escape(path.Split('.', '[')[0]) : "";

    private StepException Invalid((string At, string Message) problem) =>
        new(new StepError("config_invalid", $"{(problem.At.Length > 0 ? problem.At[1..] : "config")}: {problem.Message}", Pointer: pointer + problem.At));

    private static ArrayBufferWriter<byte> Rent()
    {
        var buffer = kept ?? new ArrayBufferWriter<byte>(1024);
        kept = null;
        buffer.ResetWrittenCount();
        return buffer;
    }

    private static void Return(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.Capacity <= KeptBuffer) kept = buffer;
    }
}
