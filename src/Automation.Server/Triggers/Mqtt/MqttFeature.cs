using Automation.Server.Triggers.Mqtt.Sparkplug;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>The embedded MQTT broker and the trigger that listens to it.</summary>
internal static class MqttFeature
{
    public static IServiceCollection AddMqtt(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MqttOptions>().Bind(configuration.GetSection("Mqtt"), binder => binder.ErrorOnUnknownConfiguration = true).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(new SparkplugBirths());
        services.AddSingleton<MqttEvents>();
        services.AddSingleton<MqttIntake>();
        services.AddSingleton<MqttClientIntake>();
        services.AddSingleton<JournalMqttStore>();
        services.AddSingleton<EmbeddedBroker>();
        services.AddSingleton<Func<EmbeddedBroker>>(provider => provider.GetRequiredService<EmbeddedBroker>);
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedBroker>());
        return services;
    }
}
