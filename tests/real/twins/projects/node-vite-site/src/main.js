import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import App from './App.vue';
import Hall from './Hall.vue';
import './style.scss';

const router = createRouter({ history: createWebHistory(), routes: [{ path: '/:hall?', component: Hall }] });
createApp(App).use(router).mount('#app');
