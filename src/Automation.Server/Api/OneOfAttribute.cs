namespace Automation.Server.Api;

/// <summary>A text parameter that is one of an enum's names in camel case; the OpenAPI document lists them.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
internal abstract class OneOfAttribute(Type values) : Attribute
{
    public Type Values { get; } = values;
}

/// <inheritdoc/>
internal sealed class OneOfAttribute<T>() : OneOfAttribute(typeof(T))
    where T : struct, Enum;
