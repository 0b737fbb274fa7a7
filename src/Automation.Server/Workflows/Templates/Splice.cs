namespace Automation.Server.Workflows.Templates;

/// <summary>How an expression's value goes into a config.</summary>
internal enum Splice
{
    /// <summary>As it is.</summary>
    Whole,

    /// <summary>As it is; a number or boolean as its text, because the property is a text.</summary>
    WholeText,

    /// <summary>As <see cref="WholeText"/>, with <c>${</c> escaped.</summary>
    WholeSecretText,

    /// <summary>As it is, with <c>${</c> escaped in every string and object key inside.</summary>
    WholeSecretJson,

    /// <summary>Into a text: null as nothing, objects and lists as compact JSON.</summary>
    Inside,

    /// <summary>As <see cref="Inside"/>, with <c>${</c> escaped.</summary>
    InsideSecret,
}

/// <summary>UTF-8 JSON up to the place of a value, and how the value goes there.</summary>
/// <param name="Wire">What is read into the config record: secrets by name.</param>
/// <param name="Shown">The same for history: secrets masked, nothing escaped.</param>
/// <param name="Splice">How the value that follows goes in.</param>
internal readonly record struct TemplateSegment(byte[] Wire, byte[] Shown, Splice Splice);
