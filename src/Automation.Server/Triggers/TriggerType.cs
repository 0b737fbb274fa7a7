using System.Text.Json;

namespace Automation.Server.Triggers;

/// <summary>Makes a class a trigger type: its name in workflow files and how the palette shows it.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TriggerTypeAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    public required string Title { get; init; }

    public required string Icon { get; init; }
}

/// <summary>A trigger type: the config record of its triggers and what has to be checked at load. The folder's feature listens and starts runs.</summary>
internal abstract class TriggerType
{
    public abstract Type ConfigType { get; }

    /// <summary>Looks at one trigger of a workflow file at load and reports problems, beside those that its config record tells of by itself.</summary>
    public virtual void Check(TriggerCheck check)
    {
    }

    /// <summary>Looks at all triggers of this type in one workflow file, those without problems, and reports those that do not go together.</summary>
    /// <param name="triggers">Id and config, in the order of the file.</param>
    /// <param name="problem">Takes the id of the trigger, a pointer relative to it, as <c>/path</c>, and a sentence.</param>
    public virtual void CheckTogether(IEnumerable<(string Id, object Config)> triggers, Action<string, string, string> problem)
    {
    }
}

/// <inheritdoc/>
internal abstract class TriggerType<TConfig> : TriggerType
    where TConfig : notnull
{
    public sealed override Type ConfigType => typeof(TConfig);
}

/// <summary>Where a trigger type reports what it found.</summary>
internal abstract class TriggerCheck
{
    /// <summary>The trigger as written. It may have mistakes, which are reported elsewhere: look at what has the form that is expected.</summary>
    public abstract JsonElement Config { get; }

    /// <summary>The text of a property; null when it is no text.</summary>
    public static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    /// <summary>The texts of a list, each with its place in it; null when the property is no list.</summary>
    public static IReadOnlyList<(int Index, string Text)>? Texts(JsonElement of, string name)
    {
        if (!of.TryGetProperty(name, out var list) || list.ValueKind is not JsonValueKind.Array) return null;
        return [.. list.EnumerateArray().Index().Where(item => item.Item.ValueKind is JsonValueKind.String).Select(item => (item.Index, item.Item.GetString()!))];
    }

    /// <summary>Reports a mistake. <paramref name="pointer"/> is relative to the trigger, as <c>/path</c>.</summary>
    public abstract void Problem(string pointer, string message);

    /// <summary>Reports what this server lacks for the trigger; no problem of a version that is stored. <paramref name="pointer"/> is relative to the trigger.</summary>
    public abstract void Missing(string pointer, string message);

    /// <summary>Makes a JSON Schema (draft 2020-12) a unit of the version's program, and reports what is wrong with it. <paramref name="pointer"/> is relative to the trigger.</summary>
    /// <returns>The unit's id, by which <see cref="Sandbox.SandboxPool"/> checks values.</returns>
    public abstract string Schema(string pointer, JsonElement schema);

    /// <summary>Checks that a secret exists; reports a problem at <paramref name="pointer"/> when it does not.</summary>
    public abstract void Secret(string pointer, string name);
}
