import Alpine from "alpinejs";
import { Chart, registerables } from "chart.js";

Chart.register(...registerables);
Alpine.start();
